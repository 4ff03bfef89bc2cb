import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { PATIENCE_MS } from "../../support/until.js";

/** A TCP connection on which a test writes whatever bytes it likes, and keeps all that comes back. */
export class RawSocket {
  readonly socket: Socket;
  ended = false;
  #received = Buffer.alloc(0);
  readonly #waiters = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on("close", () => {
      this.ended = true;
      this.#wake();
    });
    socket.on("error", () => this.#wake());
  }

  static async open(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawSocket> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, ...options });
    const raw = new RawSocket(socket);
    onTestFinished(() => {
      socket.destroy();
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return raw;
  }

  get bytes(): Buffer {
    return this.#received;
  }

  get text(): string {
    return this.#received.toString("latin1");
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Waits until what has come holds `part`. */
  async until(part: string, timeoutMs = PATIENCE_MS): Promise<string> {
    await this.#wait(() => this.text.includes(part), `${JSON.stringify(part)} in the answer`, timeoutMs);
    return this.text;
  }

  async closed(timeoutMs = PATIENCE_MS): Promise<string> {
    await this.#wait(() => this.ended, "the end of the connection", timeoutMs);
    return this.text;
  }

  /** The code of the close frame, once it has come. */
  async closeCode(timeoutMs = PATIENCE_MS): Promise<number> {
    let code: number | undefined;
    await this.#wait(() => (code = closeCodeIn(this.bytes)) !== undefined, "a close frame", timeoutMs);
    return code ?? 0;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #wait(holds: () => boolean, what: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        reject(new Error(`${what} did not come within ${timeoutMs} ms; ended: ${this.ended}; seen: ${this.text}`));
      }, timeoutMs);
      const check = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }
}

/** The head of a WebSocket handshake; `headers` are added or replace, `undefined` leaves one out. */
export function handshake(path = "/ws", headers: Record<string, string | undefined> = {}, method = "GET"): string {
  const all: Record<string, string | undefined> = {
    host: "localhost",
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** One masked frame of a client. */
export function frame(payload: string | Buffer, { opcode = 1, fin = true, rsv = 0 } = {}): Buffer {
  const body = Buffer.from(payload);
  const mask = randomBytes(4);
  const length = Buffer.alloc(body.length < 126 ? 1 : body.length < 65_536 ? 3 : 9);
  if (length.length === 1) length[0] = body.length;
  else if (length.length === 3) {
    length[0] = 126;
    length.writeUInt16BE(body.length, 1);
  } else {
    length[0] = 127;
    length.writeBigUInt64BE(BigInt(body.length), 1);
  }
  length[0] = (length[0] ?? 0) | 0x80;
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | rsv | opcode]), length, mask, masked]);
}

/** Walks the frames after the handshake to the first close frame; undefined while there is none. */
function closeCodeIn(bytes: Buffer): number | undefined {
  let at = bytes.indexOf("\r\n\r\n") + 4;
  while (at >= 4 && at + 2 <= bytes.length) {
    const opcode = (bytes[at] ?? 0) & 0x0f;
    let length = (bytes[at + 1] ?? 0) & 0x7f;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    if (opcode === 8) return at + 2 <= bytes.length ? bytes.readUInt16BE(at) : undefined;
    at += length;
  }
  return undefined;
}
