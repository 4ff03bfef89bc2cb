import type { CloseName, EventData, EventType } from "@lastseen/protocol";

/** One WebSocket, as the session that owns it sees it. All methods may be called after the socket has ended. */
export interface SessionConnection {
  /** When the last WebSocket pong came, monotonic milliseconds; undefined before the first. */
  readonly lastPongMono?: number | undefined;
  /** Queues one encoded frame; dropped when the socket is not open. */
  send(frame: string): void;
  /** Sends WebSocket ping at once and ends the socket if nothing at all arrives within `answerMs`. */
  demandPong(answerMs: number): void;
  /** Queues one event; dropped when the socket is not open. */
  sendEvent<T extends EventType>(type: T, data: EventData<T>): void;
  /** Starts the closing handshake; the socket is destroyed when the other side does not answer it. */
  close(name: CloseName): void;
}
