import { WebSocket, type RawData } from "ws";
import type { ClientSocket, SocketReader } from "./client-socket.js";

/** A client's WebSocket. All of them have the same five listeners. */
export class ClientWebSocket extends WebSocket implements ClientSocket {
  /** Who is told what arrives; undefined before {@link readBy}. */
  reader: SocketReader | undefined = undefined;

  readBy(reader: SocketReader): void {
    this.reader = reader;
    this.on("message", received);
    this.on("ping", pinged);
    this.on("pong", ponged);
    this.on("error", failed);
    this.on("close", ended);
  }
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
  readerOf(this)?.failed(error);
}

function ended(this: WebSocket, code: number): void {
  readerOf(this)?.ended(code);
}
