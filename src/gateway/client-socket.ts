/** Who is told what comes on a {@link ClientSocket}. One object for all events: a closure for each would use memory on every socket. */
export interface SocketReader {
  /** One frame. A text frame has the UTF-8 bytes of its text. */
  received(bytes: Buffer, isBinary: boolean): void;
  pinged(data: Buffer): void;
  ponged(data: Buffer): void;
  /** Comes before {@link ended}, if it comes. */
  failed(error: Error & { code?: string }): void;
  /** The last event. Nothing is sent or read after it. */
  ended(code: number): void;
}

/**
 * What a connection needs of the socket under it. `ClientWebSocket` is a WebSocket of `ws`; `src/socketio/` makes one of a socket of
 * Socket.IO.
 */
export interface ClientSocket {
  /** Bytes that this process holds for the client. */
  readonly bufferedAmount: number;
  /** `false`: nothing below the page would answer a ping now, so none is sent. Without it: pings are answered. */
  readonly canPing?: boolean;
  /** Says who reads the socket. Call it once, before anything can arrive. */
  readBy(reader: SocketReader): void;
  /** Sends a text frame, at once and whole. */
  sendText(text: string | Buffer): void;
  ping(): void;
  pong(data: Buffer): void;
  /** Tells the client why, and ends. */
  close(code: number, reason: string): void;
  /** Ends at once. */
  terminate(): void;
}
