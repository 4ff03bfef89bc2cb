import type { Clock } from "../kernel/clock.js";

/** What the media plane needs of a logger; a pino logger has it. */
export interface MediaLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Durations in milliseconds. */
export interface MediaTimeLimits {
  /** One request to a worker. */
  callMs: number;
  /** From the start of a worker process to its first message. */
  workerStartMs: number;
  /** How long a worker process may take to end before it is killed. */
  workerStopMs: number;
  /** Between two checks whether each worker still answers. */
  healthIntervalMs: number;
  /** How long the pool waits before it replaces a lost worker for the first time; doubles with each further loss. */
  restartMinMs: number;
  /** The longest such wait. After a worker that lived for longer, the first wait applies again. */
  restartMaxMs: number;
  /** How long new rooms avoid a worker that has refused to create something. */
  fullMs: number;
  /** From `connectTransport` until ICE and DTLS are connected. */
  connectMs: number;
  /** How long a check of closed media waits for further checks that the same dump can answer. */
  verifyWindowMs: number;
}

export const MEDIA_TIME_LIMITS: MediaTimeLimits = {
  callMs: 5_000,
  workerStartMs: 10_000,
  workerStopMs: 2_000,
  healthIntervalMs: 5_000,
  restartMinMs: 1_000,
  restartMaxMs: 30_000,
  fullMs: 30_000,
  connectMs: 30_000,
  verifyWindowMs: 100,
};

/** How much one session may hold at a time, so that one client cannot fill a worker. */
export interface SessionMediaLimits {
  transports: number;
  producers: number;
  consumers: number;
}

export const SESSION_MEDIA_LIMITS: SessionMediaLimits = { transports: 8, producers: 16, consumers: 512 };

export interface MediaPlaneOptions {
  clock: Clock;
  logger: MediaLogger;
  /** How many worker processes; with 0 use {@link NoMedia} instead. */
  workers: number;
  /** Path of the `mediasoup-worker` program. */
  workerBin: string;
  /** Address that the workers listen on, for UDP and TCP. */
  listenIp: string;
  /** Address that clients get instead, for example the public one of a machine behind NAT. */
  announcedIp?: string;
  /** UDP and TCP port of the first worker; each further worker has the next one. 0: any free ports. */
  port: number;
  timeLimits?: Partial<MediaTimeLimits>;
  sessionLimits?: Partial<SessionMediaLimits>;
}

/** The owner, written into the `appData` of each object that the service creates. Routers have only the room. */
export interface MediaAppData extends Record<string, unknown> {
  roomId: string;
  sessionId?: string;
}
