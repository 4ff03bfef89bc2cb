import type { RateVerdict } from "./budget/rate-limit.js";
import type { Outbox } from "./outbox.js";
import type { Session } from "../session/session.js";

/**
 * Takes what a connection reads, and answers its questions.
 *
 * @typeParam C the connection
 */
export interface FrameSink<C> {
  readonly log: { debug(fields: object, message: string): void };
  readonly counters: { messagesReceived: number };
  readonly outbox: Pick<Outbox, "hold" | "wrote">;
  readonly watch: {
    heard(connection: C): void;
    spoke(connection: C): void;
    paceChanged(connection: C): void;
    demand(connection: C, answerMs: number): void;
  };
  /** Monotonic milliseconds. */
  now(): number;
  /** A heartbeat of a connection that has a session. */
  heartbeat(connection: C, session: Session): void;
  /** The same for a sign of life that is not answered. */
  alive(connection: C, session: Session): void;
  /** @param bytes the text of the frame, not decoded; undefined for a binary frame */
  frame(connection: C, bytes: Buffer | undefined): void;
  /** A frame over the rate. It is refused, and closes the socket when the verdict says so. */
  overRate(connection: C, bytes: Buffer | undefined, verdict: Exclude<RateVerdict, "ok">): void;
  /** Something that nobody expected went wrong with a frame. */
  failed(connection: C, error: unknown): void;
  /** Closes a connection that does not slow down. */
  cutOff(connection: C): void;
  /** Whether the connection may go on for its session. If not, the gateway tells the client and closes the socket. */
  mayGoOn(connection: C, session: Session): boolean;
  socketFailed(connection: C, error: Error): void;
  /** The connection is cut off because its client does not read. */
  tooSlow(connection: C): void;
  /** The connection has so many bytes that its client has not read. 0: it has caught up. */
  behind(connection: C, bytes: number): void;
  /** @param byFin the client's side ended the TCP connection in order, but without a close frame, as a killed process does */
  ended(connection: C, closeCode: number, byFin: boolean): void;
}
