/**
 * One WebSocket and the requests that wait on it. A wire is never reused: once it has ended it tells nothing more and
 * keeps no timer, whatever the socket underneath still does.
 */
import { SUBPROTOCOL } from "@lastseen/protocol/limits";
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { Environment, SocketLike } from "./environment.js";
import { readFrame, readReply, type Answer, type Message } from "./frame.js";
import { RequestError } from "./request-error.js";

export interface SocketListener {
  opened(): void;
  heard(message: Message): void;
  /** Told once; 1006 also when the socket never opened. */
  ended(code: number): void;
}

/** How long to wait for an answer, and who is told of one that comes later all the same. */
export interface Patience<T extends RequestType> {
  readonly timeoutMs: number;
  /** Requests are answered in their order: an answer that is late comes before those to later requests, or never. */
  readonly late?: ((reply: ReplyData<T>) => void) | undefined;
}

interface Pending {
  readonly timer: unknown;
  readonly settle: (outcome: Answer["outcome"]) => void;
  readonly lost: () => void;
}

const OPEN = 1;
const NORMAL = 1000;
const ABNORMAL = 1006;
/**
 * The line is given up, but not the session: 1000 would say that the page is gone, and for that one the service waits
 * less long.
 */
const LINE_GIVEN_UP = 4000;

export class Socket {
  readonly #socket: SocketLike;
  readonly #timers: Environment["timers"];
  readonly #listener: SocketListener;
  readonly #pending = new Map<number, Pending>();
  readonly #openTimer: unknown;
  #nextId = 1;
  #ended = false;

  constructor(
    url: string,
    environment: Pick<Environment, "openSocket" | "timers">,
    listener: SocketListener,
    openTimeoutMs: number,
  ) {
    this.#timers = environment.timers;
    this.#listener = listener;
    this.#socket = environment.openSocket(url, SUBPROTOCOL);
    this.#openTimer = this.#timers.set(openTimeoutMs, () => this.end(ABNORMAL));
    this.#socket.addEventListener("open", () => {
      this.#timers.clear(this.#openTimer);
      if (!this.#ended) listener.opened();
    });
    this.#socket.addEventListener("message", ({ data }) => this.#frame(data));
    this.#socket.addEventListener("close", ({ code }) => this.end(code ?? ABNORMAL));
  }

  /** @throws RequestError the service's refusal, `timeout`, or `disconnected` when the wire ends first */
  request<T extends RequestType>(type: T, data: RequestData<T>, patience: Patience<T>): Promise<ReplyData<T>> {
    const { timeoutMs, late } = patience;
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(disconnected(type));
        return;
      }
      const id = this.#nextId++;
      const timer = this.#timers.set(timeoutMs, () => {
        this.#pending.delete(id);
        if (late) this.#pending.set(id, { timer, settle: (outcome) => told(outcome, late), lost: () => {} });
        reject(new RequestError("timeout", `No answer to ${type} within ${timeoutMs} ms.`));
      });
      const told = (outcome: Answer["outcome"], hear: (reply: ReplyData<T>) => void) => {
        const reply = outcome.ok ? readReply(type, outcome.data) : undefined;
        if (reply) hear(reply);
        else reject(outcome.ok ? unreadable(type) : outcome.error);
      };
      const settle = (outcome: Answer["outcome"]) => told(outcome, resolve);
      this.#pending.set(id, { timer, settle, lost: () => reject(disconnected(type)) });
      this.send(JSON.stringify({ id, type, data }));
    });
  }

  /** Dropped when the socket is not open. */
  send(text: string): void {
    if (!this.#ended && this.#socket.readyState === OPEN) this.#socket.send(text);
  }

  /**
   * Ends the wire here and now: a dead socket may take minutes to say that it closed. The listener is told `code`, or
   * nothing without one.
   */
  end(code?: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timers.clear(this.#openTimer);
    this.#socket.close(code === undefined ? NORMAL : LINE_GIVEN_UP);
    for (const { timer, lost } of this.#pending.values()) {
      this.#timers.clear(timer);
      lost();
    }
    this.#pending.clear();
    if (code !== undefined) this.#listener.ended(code);
  }

  #frame(text: unknown): void {
    const frame = this.#ended ? undefined : readFrame(text);
    if (!frame) return;
    if (frame.kind !== "answer") {
      this.#listener.heard(frame);
      return;
    }
    const pending = this.#pending.get(frame.id);
    if (!pending) return;
    this.#pending.delete(frame.id);
    this.#timers.clear(pending.timer);
    pending.settle(frame.outcome);
  }
}

function disconnected(type: string): RequestError {
  return new RequestError("disconnected", `There is no connection to the service for ${type}.`);
}

function unreadable(type: string): RequestError {
  return new RequestError("bad_message", `The service's answer to ${type} cannot be read.`, { retryable: false });
}
