import type { Clock } from "../kernel/clock.js";

/** What the media plane needs of a logger; pino's fits. */
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
  /** From the start of a worker process to its first word. */
  workerStartMs: number;
  /** How long a worker process may take to end before it is killed. */
  workerStopMs: number;
  /** Pause between two questions to each worker whether it still answers. */
  healthIntervalMs: number;
  /** The first wait before a lost worker is started again; it doubles with every further loss. */
  restartMinMs: number;
  /** The longest such wait; a worker that lived for longer starts over with the first one. */
  restartMaxMs: number;
  /** How long rooms go to other workers after one has refused something new. */
  fullMs: number;
  /** From `connectTransport` until ICE and DTLS are there. */
  connectMs: number;
  /** How long a check of what was closed waits for others that can be answered by the same dump. */
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

/** How much one session may hold at a time, so that nobody can fill a worker on his own. */
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
  /** Address that clients are told instead, for example the public one of a machine behind NAT. */
  announcedIp?: string;
  /** UDP and TCP port of the first worker, counting up; 0: any free ones. */
  port: number;
  timeLimits?: Partial<MediaTimeLimits>;
  sessionLimits?: Partial<SessionMediaLimits>;
}

/** `appData` of everything that is created here: whose it is. Routers carry the room only. */
export interface MediaAppData extends Record<string, unknown> {
  roomId: string;
  sessionId?: string;
}
