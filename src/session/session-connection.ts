import type { CloseName, EventData, EventType } from "@lastseen/protocol";

/** One WebSocket, as its session uses it. All methods may be called after the socket has ended. */
export interface SessionConnection {
  /** When the last WebSocket pong came, monotonic milliseconds; undefined before the first. */
  readonly lastPongMono?: number | undefined;
  /** Queues one encoded frame; dropped when the socket is not open. */
  send(frame: string | Buffer): void;
  /** The session is watched now, or not any more: the pings of the socket come at another pace. */
  paceChanged(): void;
  /** Sends a WebSocket ping at once. If nothing arrives within `answerMs`, the socket counts as silent. */
  demandPong(answerMs: number): void;
  /** Queues one event; dropped when the socket is not open. */
  sendEvent<T extends EventType>(type: T, data: EventData<T>): void;
  /** Starts the closing handshake. If the client does not answer it, the socket is destroyed. */
  close(name: CloseName): void;
}
