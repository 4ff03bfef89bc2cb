import type { RateVerdict } from "./budget/rate-limit.js";
import type { Connection } from "./connection.js";
import type { Outbox } from "./outbox.js";
import type { Session } from "../session/session.js";

/** Takes what a connection reads, and answers its questions. */
export interface FrameSink {
  readonly log: { debug(fields: object, message: string): void };
  readonly counters: { messagesReceived: number };
  readonly outbox: Pick<Outbox, "hold" | "wrote">;
  readonly watch: {
    heard(connection: Connection): void;
    spoke(connection: Connection): void;
    paceChanged(connection: Connection): void;
    demand(connection: Connection, answerMs: number): void;
  };
  /** Monotonic milliseconds. */
  now(): number;
  /** A heartbeat of a connection that has a session. */
  heartbeat(connection: Connection, session: Session): void;
  /** The same for a sign of life that is not answered. */
  alive(connection: Connection, session: Session): void;
  /** @param bytes the text of the frame, not decoded; undefined for a binary frame */
  frame(connection: Connection, bytes: Buffer | undefined): void;
  /** A frame over the rate. It is refused, and closes the socket when the verdict says so. */
  overRate(connection: Connection, bytes: Buffer | undefined, verdict: Exclude<RateVerdict, "ok">): void;
  /** Something that nobody expected went wrong with a frame. */
  failed(connection: Connection, error: unknown): void;
  /** Closes a connection that does not slow down. */
  cutOff(connection: Connection): void;
  /** Whether the connection may go on for its session. If not, the gateway tells the client and closes the socket. */
  mayGoOn(connection: Connection, session: Session): boolean;
  socketFailed(connection: Connection, error: Error): void;
  /** The connection is cut off because its client does not read. */
  tooSlow(connection: Connection): void;
  /** The connection has so many bytes that its client has not read. 0: it has caught up. */
  behind(connection: Connection, bytes: number): void;
  /** @param byFin the client's side ended the TCP connection in order, but without a close frame, as a killed process does */
  ended(connection: Connection, closeCode: number, byFin: boolean): void;
}
