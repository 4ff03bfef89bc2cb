import type { SocketLike } from "@lastseen/client";
import type { Pipe } from "./network.js";
import type { ServerSocket } from "./server-socket.js";
import { PLAIN } from "./world.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;
const NORMAL = 1000;
const GOING_AWAY = 1001;
const ABNORMAL = 1006;
const ANSWERABLE = '{"id":';

type Listener = (event: { data?: unknown; code?: number }) => void;

/** The browser around a page. It answers pings itself, but gives frames to the page only while the page runs. */
export interface Tasks {
  /** Runs a task of the page, now or when the page runs again. */
  task(run: () => void): void;
  /** The page sends a frame. @returns a function to call when the frame has arrived */
  says(): () => void;
}

/** A browser's WebSocket as far as the client uses it, and the ways in which it can end without the client. */
export class PageSocket implements SocketLike {
  readyState = CONNECTING;
  /** Number of requests without an answer. */
  unanswered = 0;
  /** Called instead of the next answer, which is lost. */
  loseAnswer: (() => void) | undefined = undefined;
  /** The service's end, when the service has accepted the connection. */
  far: ServerSocket | undefined = undefined;
  /** The page that it belongs to. */
  readonly tasks: Tasks;
  readonly #listeners: Partial<Record<"open" | "message" | "close", Listener>> = {};
  #pipe: Pipe | undefined;
  #down: Pipe | undefined;
  #gone: (() => void) | undefined;

  constructor(tasks: Tasks) {
    this.tasks = tasks;
  }

  get isClosed(): boolean {
    return this.readyState === CLOSED;
  }

  get isConnecting(): boolean {
    return this.readyState === CONNECTING;
  }

  /** Whether the socket looks open but no frame passes. */
  get isDead(): boolean {
    return this.readyState === OPEN && this.#pipe?.isClosed === true;
  }

  /** Whether a frame is under way, a request has no answer yet, or the socket is dead or connecting. */
  get busy(): boolean {
    if (this.readyState !== OPEN) return this.readyState === CONNECTING;
    return this.isDead || this.unanswered > 0 || this.#pipe?.flying !== 0 || this.#down?.flying !== 0;
  }

  /** The TCP connection is open. @param gone called when this end is closed */
  connected(pipe: Pipe, down: Pipe, gone: () => void): void {
    this.#pipe = pipe;
    this.#down = down;
    this.#gone = gone;
    if (this.readyState === CLOSED) gone();
  }

  /** Whether frames take seconds, in either direction. */
  get isDelayed(): boolean {
    return (this.#pipe?.isDelayed ?? false) || (this.#down?.isDelayed ?? false);
  }

  /** Frames from the service take at least this time, as when a device on the path stands still. */
  delayAnswers(ms: number): void {
    this.#down?.delay(ms);
  }

  addEventListener(type: "open" | "message" | "close", listener: Listener): void {
    this.#listeners[type] = listener;
  }

  send(text: string): void {
    if (this.readyState !== OPEN) return;
    if (text.startsWith(ANSWERABLE)) this.unanswered += 1;
    const arrived = this.tasks.says();
    this.#pipe?.send(() => {
      // The service does not read what comes on a connection that it has turned away.
      if (this.far?.isOpen) arrived();
      return this.far?.gotFrame(text);
    });
  }

  /** The page's script closes the socket and gets no more events. */
  close(code = NORMAL): void {
    if (this.readyState === OPEN) this.#pipe?.send(() => this.far?.gotClose(code));
    else this.#pipe?.send(() => this.far?.gotReset(false));
    this.#end(undefined);
  }

  /** The page goes away, and the browser closes the socket. */
  leave(): void {
    this.close(GOING_AWAY);
  }

  /** The browser closes the socket because the page is kept for later or the network has changed. */
  drop(code: number): void {
    if (this.readyState === OPEN) this.#pipe?.send(() => this.far?.gotClose(code));
    this.#end(ABNORMAL);
  }

  /** The page's process is gone, and the system ends its connection in order: some browsers send no close frame then. */
  abandon(): void {
    this.#pipe?.send(() => this.far?.gotReset(false));
    this.#end(undefined);
  }

  /** The connection breaks, and both ends notice. */
  break(): void {
    if (this.readyState === CLOSED) return;
    this.#pipe?.send(() => this.far?.gotReset(true));
    this.#end(ABNORMAL);
  }

  /** The machine is gone and sends nothing any more. */
  vanish(): void {
    this.#end(undefined);
    this.#pipe?.close();
  }

  gotOpen(): void {
    if (this.readyState !== CONNECTING) return;
    this.readyState = OPEN;
    this.tasks.task(() => this.#listeners.open?.({}));
  }

  gotFrame(text: string): void {
    if (this.readyState === CLOSED) return;
    if (text.startsWith(ANSWERABLE)) {
      this.unanswered -= 1;
      if (this.loseAnswer) {
        this.loseAnswer();
        return;
      }
    }
    this.tasks.task(() => this.#listeners.message?.({ data: text }));
  }

  gotPing(): typeof PLAIN {
    if (this.readyState !== CLOSED) this.#pipe?.send(() => this.far?.gotPong());
    return PLAIN;
  }

  gotClose(code: number): void {
    if (this.readyState === CLOSED) return;
    this.#pipe?.send(() => this.far?.gotClose(code));
    this.#end(code);
  }

  gotReset(): void {
    this.#end(ABNORMAL);
  }

  #end(code: number | undefined): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.unanswered = 0;
    this.#gone?.();
    if (code !== undefined) this.tasks.task(() => this.#listeners.close?.({ code }));
  }
}
