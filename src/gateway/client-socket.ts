import type { RawData } from "ws";

/**
 * What a connection needs of the socket under it. A WebSocket of `ws` has it as it is; `src/socketio/` makes it of a socket of
 * Socket.IO.
 */
export interface ClientSocket {
  /** Bytes that this process holds for the client. */
  readonly bufferedAmount: number;
  /** `false`: nothing below the page would answer a ping now, so none is sent. Without it: pings are answered. */
  readonly canPing?: boolean;
  /** One frame. A text frame is a Buffer of its UTF-8 bytes. */
  on(event: "message", listener: (data: RawData, isBinary: boolean) => void): unknown;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): unknown;
  /** The last event. Nothing is sent or read after it. */
  on(event: "close", listener: (code: number) => void): unknown;
  /** Comes before `close`, if it comes. */
  on(event: "error", listener: (error: Error) => void): unknown;
  send(frame: string | Buffer, options: { binary: boolean }): void;
  ping(): void;
  pong(data: Buffer): void;
  /** Tells the client why, and ends. */
  close(code: number, reason: string): void;
  /** Ends at once. */
  terminate(): void;
}
