import { WebSocket, type RawData } from "ws";

/** Takes what one socket tells. */
export interface SocketHandler {
  /** A message of the client. */
  received(data: RawData, isBinary: boolean): void;
  /** A WebSocket ping of the client. Nobody has answered it. */
  pinged(data: Buffer): void;
  ponged(data: Buffer): void;
  /** A bad frame or a reset. {@link closed} follows. */
  failed(error: Error & { code?: string }): void;
  /** The last that the socket tells. @param code the close code of the client */
  closed(code: number): void;
}

/**
 * The WebSocket of a client. It tells its one handler what happens. Listeners would do the same, but five functions and a table
 * of them for each socket are a tenth of the memory of an idle connection.
 */
export class ServiceSocket extends WebSocket {
  handler: SocketHandler | undefined = undefined;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const { handler } = this;
    if (!handler) return false;
    switch (event) {
      case "message":
        handler.received(args[0] as RawData, args[1] as boolean);
        return true;
      case "ping":
        handler.pinged(args[0] as Buffer);
        return true;
      case "pong":
        handler.ponged(args[0] as Buffer);
        return true;
      case "error":
        handler.failed(args[0] as Error);
        return true;
      case "close":
        handler.closed(args[0] as number);
        return true;
      default:
        return false;
    }
  }
}
