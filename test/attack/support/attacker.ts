import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { frame, handshake } from "../../integration/gateway/raw-socket.js";
import { PATIENCE_MS } from "../../support/until.js";
import { FrameReader } from "./frame-reader.js";

const END_OF_HEAD = "\r\n\r\n";
const EVENT_TYPE = /^\{"type":"(\w+)"/;
const NO_STATUS = 1005;
const ABNORMAL = 1006;

export interface AttackerOptions {
  /** The attacker's own address. Linux accepts all of 127.0.0.0/8. */
  readonly from?: string;
  /** Further headers of the handshake. */
  readonly headers?: Record<string, string>;
}

/** A client whose WebSocket frames a test writes by hand. It counts what goes out and what comes in. */
export class Attacker {
  /** The status of the answer to the handshake; 101 when the WebSocket is open. */
  status = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** How many events of each type came. */
  readonly events = new Map<string, number>();
  /** The code of the close frame; 1006 when the service ended the socket without one. */
  closeCode: number | undefined;
  /** Replies and errors. */
  readonly answers: string[] = [];
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #waiters = new Set<() => void>();
  #head: string | undefined = "";
  #lastId = 0;
  #pongs = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("close", () => {
      this.closeCode ??= ABNORMAL;
      this.#wake();
    });
    socket.on("error", () => this.#wake());
  }

  /** Opens a WebSocket. It may be refused: `status` and `closeCode` tell. */
  static async open(port: number, { from, headers = {} }: AttackerOptions = {}): Promise<Attacker> {
    const attacker = Attacker.connect(port, from);
    attacker.#socket.write(handshake("/ws", headers));
    await attacker.#until(() => attacker.status !== 0 || attacker.isClosed, "an answer to the handshake");
    return attacker;
  }

  /** Opens a TCP connection and sends nothing. */
  static connect(port: number, from?: string): Attacker {
    const socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    onTestFinished(() => {
      socket.destroy();
    });
    return new Attacker(socket);
  }

  /** Opens a WebSocket, says hello, and joins `roomId` if there is one. */
  static async session(
    port: number,
    userId: string,
    { roomId, ...options }: AttackerOptions & { roomId?: string } = {},
  ): Promise<Attacker> {
    const attacker = await Attacker.open(port, options);
    await attacker.ask("hello", { user: { id: userId }, tabId: "tab" });
    if (roomId !== undefined) await attacker.ask("join", { roomId, onDuplicate: "allow" });
    return attacker;
  }

  get isClosed(): boolean {
    return this.closeCode !== undefined;
  }

  /** Writes bytes, and waits while the system takes no more. */
  async write(bytes: string | Buffer): Promise<void> {
    if (this.isClosed || this.#socket.destroyed) return;
    this.bytesSent += Buffer.byteLength(bytes);
    if (this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        this.#socket.off("drain", go).off("close", go);
        resolve();
      };
      this.#socket.on("drain", go).on("close", go);
    });
  }

  /** Writes the same bytes several times, until the service closes the socket. */
  async repeat(bytes: Buffer, times: number): Promise<void> {
    for (let n = 0; n < times && !this.isClosed; n += 1) await this.write(bytes);
  }

  /** Writes the same bytes over and over for so long, until the service closes the socket. */
  async flood(bytes: Buffer, forMs: number, pauseMs = 0): Promise<void> {
    const end = performance.now() + forMs;
    while (performance.now() < end && !this.isClosed) {
      await this.write(bytes);
      await delay(pauseMs);
    }
  }

  /** Sends a request. @returns the text of its reply; undefined when the socket was closed instead */
  async ask(type: string, data: object = {}): Promise<string | undefined> {
    this.#lastId += 1;
    const id = `ask-${this.#lastId}`;
    await this.write(frame(JSON.stringify({ id, type, data })));
    const find = () => this.answers.findLast((text) => text.startsWith(`{"id":"${id}"`));
    await this.#until(() => this.isClosed || find() !== undefined, `the reply to ${type}`);
    return find();
  }

  /** Waits until the service has taken all that was sent: it answers a ping, or has closed the socket. */
  async settled(): Promise<void> {
    await this.ask("ping");
  }

  /** Waits for the head of an answer of HTTP, or for the end of the connection. */
  async answered(): Promise<void> {
    await this.#until(() => this.isClosed || this.status !== 0, "an answer");
  }

  /** Sends a ping frame and waits for its pong, or for the close. */
  async pinged(): Promise<void> {
    const before = this.#pongs;
    await this.write(frame("", { opcode: 9 }));
    await this.#until(() => this.isClosed || this.#pongs > before, "a pong");
  }

  async closed(timeoutMs = PATIENCE_MS): Promise<number> {
    await this.#until(() => this.isClosed, "the close", timeoutMs);
    return this.closeCode ?? NO_STATUS;
  }

  /** From now on nothing that comes is read. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Ends the socket at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.bytesReceived += chunk.length;
    if (this.#head === undefined) this.#readFrames(chunk);
    else this.#readHead(chunk);
    this.#wake();
  }

  #readHead(chunk: Buffer): void {
    this.#head += chunk.toString("latin1");
    const end = this.#head?.indexOf(END_OF_HEAD) ?? -1;
    if (this.#head === undefined || end < 0) return;
    const rest = Buffer.from(this.#head.slice(end + END_OF_HEAD.length), "latin1");
    this.status = Number(this.#head.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    this.#head = undefined;
    if (this.status === 101) this.#readFrames(rest);
  }

  #readFrames(chunk: Buffer): void {
    if (this.status !== 101) return;
    for (const { opcode, payload } of this.#frames.read(chunk)) {
      if (opcode === 8) this.closeCode ??= payload.length < 2 ? NO_STATUS : payload.readUInt16BE(0);
      if (opcode === 10) this.#pongs += 1;
      if (opcode !== 1) continue;
      const text = payload.toString("utf8");
      const type = EVENT_TYPE.exec(text)?.[1];
      if (type === undefined || type === "error") this.answers.push(text);
      if (type !== undefined) this.events.set(type, (this.events.get(type) ?? 0) + 1);
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  #until(holds: () => boolean, what: string, timeoutMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        reject(new Error(`${what} did not come within ${timeoutMs} ms; status ${this.status}`));
      }, timeoutMs);
      this.#waiters.add(check);
      check();
    });
  }
}
