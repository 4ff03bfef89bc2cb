import { WebSocket, type RawData } from "ws";
import type { ClientSocket, SocketReader } from "./client-socket.js";

/** A client's WebSocket. All of them have the same five listeners. */
export class ClientWebSocket extends WebSocket implements ClientSocket {
  #reader: SocketReader | undefined = undefined;

  readBy(reader: SocketReader): void {
    this.#reader = reader;
    this.on("message", ClientWebSocket.#received);
    this.on("ping", ClientWebSocket.#pinged);
    this.on("pong", ClientWebSocket.#ponged);
    this.on("error", ClientWebSocket.#failed);
    this.on("close", ClientWebSocket.#ended);
  }

  static #readerOf(socket: WebSocket): SocketReader | undefined {
    return (socket as ClientWebSocket).#reader;
  }

  static #received(this: WebSocket, data: RawData, isBinary: boolean): void {
    // ws gives one Buffer per message unless its binaryType is changed.
    ClientWebSocket.#readerOf(this)?.received(data as Buffer, isBinary);
  }

  static #pinged(this: WebSocket, data: Buffer): void {
    ClientWebSocket.#readerOf(this)?.pinged(data);
  }

  static #ponged(this: WebSocket, data: Buffer): void {
    ClientWebSocket.#readerOf(this)?.ponged(data);
  }

  static #failed(this: WebSocket, error: Error): void {
    ClientWebSocket.#readerOf(this)?.failed(error);
  }

  static #ended(this: WebSocket, code: number): void {
    ClientWebSocket.#readerOf(this)?.ended(code);
  }
}
