import type { ClientSocket, SocketReader } from "../gateway/client-socket.js";
import type { Line } from "../gateway/line.js";
import { CLOSE_CODES, LIMITS, type JsonObject } from "@lastseen/protocol";
import { rawWebSocketOf, type SocketIoSocket } from "./socket-io.js";

/** The code by which a connection knows a frame that is too large; `ws` uses it too. */
const TOO_BIG = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
const NOTHING = Buffer.alloc(0);

/** Where a line sends to. */
export interface LineOutput {
  frame(frame: JsonObject): void;
  /** The line ends on the side of the service. Nothing is sent or read on it after that. */
  closed(code: number, reason: string): void;
}

/**
 * A socket of Socket.IO in the form of a WebSocket, as long as one connection of Lastseen lasts. The Socket.IO socket belongs to
 * the application and outlives it.
 */
export class SocketIoLine implements ClientSocket, Line {
  readonly readableEnded = false;
  readonly errored = null;
  readonly #socket: SocketIoSocket;
  readonly #output: LineOutput;
  #reader: SocketReader | undefined = undefined;
  #open = true;

  constructor(socket: SocketIoSocket, output: LineOutput) {
    this.#socket = socket;
    this.#output = output;
  }

  get remoteAddress(): string {
    return this.#socket.handshake.address;
  }

  get bufferedAmount(): number {
    return rawWebSocketOf(this.#socket.conn)?.bufferedAmount ?? 0;
  }

  /** HTTP requests of the client cannot be pinged. Socket.IO's own heartbeats still tell that the client is there. */
  get canPing(): boolean {
    return rawWebSocketOf(this.#socket.conn) !== undefined;
  }

  readBy(reader: SocketReader): void {
    this.#reader = reader;
  }

  /** Socket.IO writes each packet at once. */
  cork(): void {}
  uncork(): void {}

  sendText(text: string | Buffer): void {
    if (this.#open) this.#output.frame(JSON.parse(text.toString()) as JsonObject);
  }

  ping(): void {
    if (this.#open) rawWebSocketOf(this.#socket.conn)?.ping();
  }

  /** Nobody sends ping frames on this line. */
  pong(): void {}

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#output.closed(code, reason);
    // Like a WebSocket: whoever closes it is not told in the middle of that.
    setImmediate(() => this.#reader?.ended(code));
  }

  terminate(): void {
    // What waits for a client that does not read is freed only with the whole connection.
    if (this.bufferedAmount > 0) this.#socket.disconnect(true);
    this.close(CLOSE_CODES.abnormal.code, "terminated");
  }

  /** The client has sent a frame. */
  receive(frame: unknown): void {
    if (!this.#open) return;
    const bytes = bytesOf(frame);
    if (bytes && bytes.length > LIMITS.frameBytes) {
      this.#reader?.failed(Object.assign(new Error("a frame is too large"), { code: TOO_BIG }));
      this.close(CLOSE_CODES.messageTooBig.code, "messageTooBig");
      return;
    }
    // What cannot be JSON counts as a binary frame, which the protocol does not have.
    this.#reader?.received(bytes ?? NOTHING, bytes === undefined);
  }

  /** The client has answered a ping, of Socket.IO or of the WebSocket. It proves the connection, not the page. */
  heartbeat(): void {
    if (this.#open) this.#reader?.ponged(NOTHING);
  }

  /** The client, or the Socket.IO socket, has ended the line. */
  ended(code: number): void {
    if (!this.#open) return;
    this.#open = false;
    this.#reader?.ended(code);
  }
}

/** @returns undefined when it is no JSON */
function bytesOf(frame: unknown): Buffer | undefined {
  try {
    const text = JSON.stringify(frame) as string | undefined;
    return text === undefined ? undefined : Buffer.from(text);
  } catch {
    return undefined;
  }
}
