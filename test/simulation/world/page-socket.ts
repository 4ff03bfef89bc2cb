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

/** The browser around a page: it answers pings by itself, but hands frames over only while the page runs. */
export interface Tasks {
  /** Runs a task of the page, now or when the page runs again. */
  task(run: () => void): void;
  /** Something is said. @returns to be called when it has arrived */
  says(): () => void;
}

/** A browser's WebSocket, as far as the client uses it, and the ways in which it can end without the client's doing. */
export class PageSocket implements SocketLike {
  readyState = CONNECTING;
  /** Requests that were sent and not answered. */
  unanswered = 0;
  /** Called in the place of the next answer, which is lost. */
  loseAnswer: (() => void) | undefined = undefined;
  /** The service's end, once it has accepted. */
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

  /** It looks open, but nothing gets through any more. */
  get isDead(): boolean {
    return this.readyState === OPEN && this.#pipe?.isClosed === true;
  }

  /** Something is on its way, or would have to be: a request was not answered yet, or nobody can tell it anything. */
  get busy(): boolean {
    if (this.readyState !== OPEN) return this.readyState === CONNECTING;
    return this.isDead || this.unanswered > 0 || this.#pipe?.flying !== 0 || this.#down?.flying !== 0;
  }

  /** The TCP connection is there. @param gone told when this end is closed */
  connected(pipe: Pipe, down: Pipe, gone: () => void): void {
    this.#pipe = pipe;
    this.#down = down;
    this.#gone = gone;
    if (this.readyState === CLOSED) gone();
  }

  /** What the service sends takes so long at least, as when something on the way stands still. */
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
      arrived();
      return this.far?.gotFrame(text);
    });
  }

  /** By the page's script, which is told nothing any more. */
  close(code = NORMAL): void {
    if (this.readyState === OPEN) this.#pipe?.send(() => this.far?.gotClose(code));
    else this.#pipe?.send(() => this.far?.gotReset(false));
    this.#end(undefined);
  }

  /** The page goes away: the browser says so. */
  leave(): void {
    this.close(GOING_AWAY);
  }

  /** The browser closes it while the page cannot be told: it is kept for later, or its network has changed. */
  drop(code: number): void {
    if (this.readyState === OPEN) this.#pipe?.send(() => this.far?.gotClose(code));
    this.#end(ABNORMAL);
  }

  /** The connection breaks, and both ends hear of it. */
  break(): void {
    if (this.readyState === CLOSED) return;
    this.#pipe?.send(() => this.far?.gotReset(true));
    this.#end(ABNORMAL);
  }

  /** The machine is gone: nothing is sent any more. */
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
