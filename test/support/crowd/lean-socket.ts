import { connect, type Socket } from "node:net";

const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10];
/** A client masks its frames, and may choose which key. */
const [FINAL, MASKED] = [0x80, 0x80];
const NO_MASK = Buffer.alloc(4);
const HEAD_END = "\r\n\r\n";
/** How long a browser waits for the service to end the connection after both have said close. */
const CLOSE_LIMIT_MS = 2_000;

/**
 * A WebSocket that does no more than a crowd needs, for a tenth of the time of a complete one: the clients of a crowd share the processor
 * with the service that is measured.
 */
export class LeanSocket {
  onText: (text: string) => void = () => {};
  /** Called once, with the close code of the service; 1006 when the connection broke. */
  onClosed: (code: number) => void = () => {};
  readonly #socket: Socket;
  /** What has arrived of a frame that is not complete. */
  #rest: Buffer = Buffer.alloc(0);
  #code = 1006;
  #isOpen = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * @param url `ws://host:port/path`
   * @param from the address from which it connects, if this machine is to choose another than the usual one
   * @returns resolves when the socket is open. Rejects when it is refused, or not open after `limitMs`
   */
  static async open(
    url: string,
    { headers, limitMs, from }: { headers: Record<string, string>; limitMs: number; from: string | undefined },
  ): Promise<LeanSocket> {
    const { hostname, port, host, pathname } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, ...(from && { localAddress: from }) });
    const lean = new LeanSocket(socket);
    const fields = {
      Host: host,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`);
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => socket.destroy(new Error("the handshake took too long")), limitMs);
      socket.on("error", reject);
      socket.once("close", () => {
        clearTimeout(limit);
        reject(new Error("the connection ended before it was open"));
        lean.#ended();
      });
      let head = "";
      const read = (bytes: Buffer): void => {
        head += bytes.toString("latin1");
        const end = head.indexOf(HEAD_END);
        if (end < 0) return;
        clearTimeout(limit);
        if (!head.startsWith("HTTP/1.1 101 ")) {
          socket.destroy(new Error(`the handshake was refused: ${head.slice(0, end)}`));
          return;
        }
        lean.#isOpen = true;
        socket.off("data", read);
        socket.on("data", (more: Buffer) => lean.#read(more));
        resolve();
        // Whoever waits for this socket listens when this turn is over.
        const first = Buffer.from(head.slice(end + HEAD_END.length), "latin1");
        if (first.length > 0) setImmediate(() => lean.#read(first));
      };
      socket.on("data", read);
    });
    return lean;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(text: string): void {
    if (this.#isOpen) this.#write(TEXT, Buffer.from(text));
  }

  /** Says close. The service ends the connection. */
  close(code: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#write(CLOSE, Buffer.from([code >> 8, code & 0xff]));
    setTimeout(() => this.#socket.destroy(), CLOSE_LIMIT_MS).unref();
  }

  #ended(): void {
    this.#isOpen = false;
    this.onClosed(this.#code);
  }

  #read(bytes: Buffer): void {
    let all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let frame = frameOf(all); frame; frame = frameOf(all)) {
      this.#take(frame.opcode, all.subarray(frame.from, frame.to));
      all = all.subarray(frame.to);
    }
    this.#rest = all;
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.onText(payload.toString());
    else if (opcode === PING) this.#write(PONG, payload);
    else if (opcode === CLOSE) {
      this.#code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      this.close(1000);
    }
  }

  #write(opcode: number, payload: Buffer): void {
    const { length } = payload;
    if (length > 0xffff) throw new Error("a crowd sends no frame of this size");
    const head = length < 126 ? [length | MASKED] : [126 | MASKED, length >> 8, length & 0xff];
    this.#socket.write(Buffer.concat([Buffer.from([opcode | FINAL, ...head]), NO_MASK, payload]));
  }
}

/** Where the first frame of these bytes has its payload; undefined when it is not complete. The service divides no message. */
function frameOf(bytes: Buffer): { opcode: number; from: number; to: number } | undefined {
  if (bytes.length < 2) return undefined;
  const opcode = bytes.readUInt8(0) & 0x0f;
  const short = bytes.readUInt8(1);
  const from = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < from) return undefined;
  const length = from === 2 ? short : from === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return bytes.length < from + length ? undefined : { opcode, from, to: from + length };
}
