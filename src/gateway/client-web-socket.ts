import type { Duplex } from "node:stream";
import { WebSocket, type RawData } from "ws";
import type { ClientSocket, SocketReader } from "./client-socket.js";
import { textFrame } from "./text-frame.js";

const TEXT = { binary: false } as const;

/**
 * A client's WebSocket. All of them have the same five listeners.
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
    this.on("message", received);
    this.on("ping", pinged);
    this.on("pong", ponged);
    this.on("error", failed);
    this.on("close", ended);
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

function readerOf(socket: WebSocket): SocketReader | undefined {
  return (socket as ClientWebSocket).reader;
}

function received(this: WebSocket, data: RawData, isBinary: boolean): void {
  // ws gives one Buffer per message unless its binaryType is changed.
  readerOf(this)?.received(data as Buffer, isBinary);
}

function pinged(this: WebSocket, data: Buffer): void {
  readerOf(this)?.pinged(data);
}

function ponged(this: WebSocket, data: Buffer): void {
  readerOf(this)?.ponged(data);
}

function failed(this: WebSocket, error: Error): void {
  // The client may still be sending. If the socket went now, the client might never read why.
  (this as ClientWebSocket).line?.off("finish", letGo);
  readerOf(this)?.failed(error);
}

function ended(this: WebSocket, code: number): void {
  readerOf(this)?.ended(code);
}
