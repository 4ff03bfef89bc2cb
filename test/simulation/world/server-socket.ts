import type { Line, Socket } from "../../../src/gateway/connection.js";
import { PING_FRAME } from "../../../src/gateway/frames.js";
import type { SocketHandler } from "../../../src/gateway/service-socket.js";
import type { Timer } from "../../../src/kernel/clock.js";
import type { EventLoop } from "./event-loop.js";
import type { Pipe } from "./network.js";
import type { PageSocket } from "./page-socket.js";
import { PLAIN } from "./world.js";

/** The time that ws waits for the answer to its closing handshake, as the service configures it. */
export const CLOSE_TIMEOUT_MS = 5_000;
const ABNORMAL = 1006;
const PING = '{"type":"ping"}';
const PING_BYTES = Buffer.from(PING);
const NO_DATA = Buffer.alloc(0);

/** Observes the service's end of all sockets. */
export interface SocketWitness {
  accepted(socket: ServerSocket): void;
  /** The service is about to receive a frame. */
  received(socket: ServerSocket, text: string): void;
  sent(socket: ServerSocket, text: string): void;
  /** The service has learned that the socket has ended. `code`: the close code of the side that closed first. */
  closed(socket: ServerSocket, code: number): void;
}

/** The bytes before the text of a frame, for each way to say its length. */
const HEADS: Readonly<Record<number, number>> = { 126: 4, 127: 10 };

/** The TCP connection, as the gateway uses it. */
interface SimulatedLine extends Line {
  readableEnded: boolean;
  errored: Error | null;
}

/** The service's end of a simulated WebSocket: the part of `ws` that the gateway uses, with the same order of events. */
export class ServerSocket implements Socket {
  readonly OPEN = 1;
  handler: SocketHandler | undefined = undefined;
  readonly page: PageSocket;
  readonly line: SimulatedLine = {
    readableEnded: false,
    errored: null,
    writableLength: 0,
    write: (bytes) => this.#write(bytes),
    cork: () => {},
    uncork: () => {},
  };
  readonly #loop: EventLoop;
  readonly #out: Pipe;
  readonly #witness: SocketWitness;
  readonly #gone: () => void;
  #state: "open" | "closing" | "closed" = "open";
  #closeTimer: Timer | undefined;
  #ownCode: number | undefined;

  /** @param parts `gone`: called when this end is closed */
  constructor(parts: { loop: EventLoop; out: Pipe; page: PageSocket; witness: SocketWitness; gone: () => void }) {
    this.#loop = parts.loop;
    this.#out = parts.out;
    this.page = parts.page;
    this.#witness = parts.witness;
    this.#gone = parts.gone;
    this.#witness.accepted(this);
  }

  get readyState(): Socket["readyState"] {
    return this.#state === "open" ? 1 : this.#state === "closing" ? 2 : 3;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Pages of the simulation send no pings, so the service answers none. */
  pong(): void {}

  close(code: number): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#ownCode = code;
    this.#out.send(() => this.page.gotClose(code));
    this.#closeTimer = this.#loop.after(CLOSE_TIMEOUT_MS, () => this.terminate());
  }

  terminate(): void {
    if (this.#state === "closed") return;
    this.#out.send(() => this.page.gotReset());
    this.#end(ABNORMAL);
  }

  /** The process is gone. The service gets no event, and the page's end is reset. */
  die(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#out.send(() => this.page.gotReset());
    this.#gone();
  }

  gotFrame(text: string): void {
    if (this.#state === "closed") return;
    this.#witness.received(this, text);
    this.handler?.received(text === PING ? PING_BYTES : Buffer.from(text), false);
  }

  gotPong(): typeof PLAIN {
    if (this.#state !== "closed") this.handler?.ponged(NO_DATA);
    return PLAIN;
  }

  /** The page's close frame has arrived. */
  gotClose(code: number): void {
    if (this.#state === "open") this.#out.send(() => this.page.gotClose(code));
    this.#end(code);
  }

  /** The connection has ended without a closing handshake: by a reset, or in order. */
  gotReset(withError: boolean): void {
    if (withError) this.line.errored ??= new Error("read ECONNRESET");
    else this.line.readableEnded = true;
    this.#end(ABNORMAL);
  }

  /** The service writes each frame whole. */
  #write(frame: Buffer): void {
    if (this.#state !== "open") return;
    if (frame === PING_FRAME) {
      this.#out.send(() => this.page.gotPing());
      return;
    }
    const text = frame.toString("utf8", HEADS[frame[1] ?? 0] ?? 2);
    this.#witness.sent(this, text);
    this.#out.send(() => this.page.gotFrame(text));
  }

  #end(code: number): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closeTimer?.cancel();
    this.#gone();
    // ws reports the close in a later turn of the event loop.
    this.#loop.arrive(this.#loop.mono(), () => {
      this.handler?.closed(code);
      this.#witness.closed(this, this.#ownCode ?? code);
    });
  }
}
