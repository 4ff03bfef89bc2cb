import type { Duplex } from "node:stream";
import { WebSocket } from "ws";
import type { ClientSocket, SocketReader } from "./client-socket.js";
import { textFrame } from "./text-frame.js";

const TEXT = { binary: false } as const;

/**
 * A client's WebSocket. It tells its reader what arrives, past listeners: five of them on each socket would need as much memory as the
 * session.
 *
 * Short texts are written past `ws`, which writes each frame in two pieces. Its own frames are never cut by that: without compression it
 * writes each of them whole and at once.
 */
export class ClientWebSocket extends WebSocket implements ClientSocket {
  /** Who is told what arrives; undefined before {@link readBy}. */
  reader: SocketReader | undefined = undefined;
  /** What this WebSocket was made of. */
  line: Duplex | undefined = undefined;

  readBy(reader: SocketReader): void {
    this.reader = reader;
  }

  override emit(event: string | symbol, first?: unknown, second?: unknown): boolean {
    const { reader } = this;
    if (!reader) return super.emit(event, first, second);
    switch (event) {
      case "message":
        // ws gives one Buffer per message unless its binaryType is changed.
        reader.received(first as Buffer, second as boolean);
        return true;
      case "ping":
        reader.pinged(first as Buffer);
        return true;
      case "pong":
        reader.ponged(first as Buffer);
        return true;
      case "error":
        // The client may still be sending. If the socket went now, the client might never read why.
        this.line?.off("finish", letGo);
        reader.failed(first as Error);
        return true;
      case "close":
        reader.ended(first as number);
        return true;
      default:
        return super.emit(event, first, second);
    }
  }

  /**
   * Starts or ends the closing handshake. When both sides have said close, the service gives the socket up as soon as everything is sent: to
   * read the end of the client's side too would cost more than the whole handshake.
   */
  override close(code?: number, reason?: string | Buffer): void {
    if (this.readyState === this.OPEN) this.line?.once("finish", letGo);
    super.close(code, reason);
  }

  sendText(text: string | Buffer): void {
    const frame = this.readyState === this.OPEN ? textFrame(text) : undefined;
    if (frame && this.line) this.line.write(frame);
    else this.send(text, TEXT);
  }
}

function letGo(this: Duplex): void {
  this.destroy();
}
