import type { ClientSocket, SocketReader } from "../../../src/gateway/client-socket.js";
import type { Timer } from "../../../src/kernel/clock.js";
import type { EventLoop } from "./event-loop.js";
import type { Pipe } from "./network.js";
import type { PageSocket } from "./page-socket.js";
import { PLAIN } from "./world.js";

/** The time that ws waits for the answer to its closing handshake, as the service configures it. */
export const CLOSE_TIMEOUT_MS = 5_000;
const ABNORMAL = 1006;
const PING = '{"type":"ping"}';
const NOTHING = Buffer.alloc(0);
const PING_BYTES = Buffer.from(PING);

/** Observes the service's end of all sockets. */
export interface SocketWitness {
  accepted(socket: ServerSocket): void;
  /** The service is about to receive a frame. */
  received(socket: ServerSocket, text: string): void;
  sent(socket: ServerSocket, text: string): void;
  /** The service has learned that the socket has ended. `code`: the close code of the side that closed first. */
  closed(socket: ServerSocket, code: number): void;
}

/** The service's end of a simulated WebSocket: the part of `ws` that the gateway uses, with the same order of events. */
export class ServerSocket implements ClientSocket {
  readonly bufferedAmount = 0;
  readonly page: PageSocket;
  readonly line = { readableEnded: false, errored: null as Error | null, cork: () => {}, uncork: () => {} };
  readonly #loop: EventLoop;
  readonly #out: Pipe;
  readonly #witness: SocketWitness;
  readonly #gone: () => void;
  #reader: SocketReader | undefined;
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

  get isOpen(): boolean {
    return this.#state === "open";
  }

  readBy(reader: SocketReader): void {
    this.#reader = reader;
  }

  sendText(data: string | Buffer): void {
    if (this.#state !== "open") return;
    const text = typeof data === "string" ? data : data.toString();
    this.#witness.sent(this, text);
    this.#out.send(() => this.page.gotFrame(text));
  }

  ping(): void {
    if (this.#state === "open") this.#out.send(() => this.page.gotPing());
  }

  /** A browser sends no pings. */
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
    this.#reader?.received(text === PING ? PING_BYTES : Buffer.from(text), false);
  }

  gotPong(): typeof PLAIN {
    if (this.#state !== "closed") this.#reader?.ponged(NOTHING);
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

  #end(code: number): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#closeTimer?.cancel();
    this.#gone();
    // ws reports the close in a later turn of the event loop.
    this.#loop.arrive(this.#loop.mono(), () => {
      this.#reader?.ended(code);
      this.#witness.closed(this, this.#ownCode ?? code);
    });
  }
}
