import { connect, type Socket } from "node:net";
import { encodeFrame, OPCODE, readFrames } from "./frames.js";

const HANDSHAKE_END = Buffer.from("\r\n\r\n");

export interface RawSocketEvents {
  opened(): void;
  text(payload: Buffer): void;
  binary?(payload: Buffer): void;
  /** Refused, broken or ended by the server. */
  failed(error: Error): void;
}

/**
 * A WebSocket client that does as little work as possible, so that one process of clients can keep a server busy. It
 * answers WebSocket pings, as browsers do.
 */
export class RawSocket {
  readonly #socket: Socket;
  readonly #events: RawSocketEvents;
  #open = false;
  #rest: Buffer | undefined = undefined;

  constructor(target: { port: number; path: string; subprotocol: string | undefined }, events: RawSocketEvents) {
    this.#events = events;
    this.#socket = connect({ port: target.port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#socket.on("error", (error) => events.failed(error));
    this.#socket.on("close", () => events.failed(new Error("the server closed the connection")));
    this.#socket.write(handshake(target));
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  write(frame: Buffer): void {
    this.#socket.write(frame);
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #receive(bytes: Buffer): void {
    const unread = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    const frames = this.#open ? unread : this.#readHandshake(unread);
    this.#rest = frames && readFrames(frames, this.#frame);
    if (!this.#open) this.#rest = unread;
  }

  /** Returns the bytes that follow the handshake, or undefined while it is not complete. */
  #readHandshake(bytes: Buffer): Buffer | undefined {
    const end = bytes.indexOf(HANDSHAKE_END);
    if (end < 0) return undefined;
    const [status = ""] = bytes.toString("latin1", 0, end).split("\r\n", 1);
    if (!status.startsWith("HTTP/1.1 101")) {
      this.#events.failed(new Error(`the server refused the upgrade: ${status}`));
      return undefined;
    }
    this.#open = true;
    this.#events.opened();
    return bytes.subarray(end + HANDSHAKE_END.length);
  }

  readonly #frame = (opcode: number, payload: Buffer): void => {
    if (opcode === OPCODE.text) this.#events.text(payload);
    else if (opcode === OPCODE.binary) this.#events.binary?.(payload);
    else if (opcode === OPCODE.ping) this.write(encodeFrame(OPCODE.pong, payload));
  };
}

function handshake({
  port,
  path,
  subprotocol,
}: {
  port: number;
  path: string;
  subprotocol: string | undefined;
}): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    // The example of RFC 6455: any 16 bytes are valid, and this client does not check the answer.
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    "",
    "",
  ].join("\r\n");
}
