/**
 * One WebSocket and the requests that wait for an answer on it. It is never used twice: after its end it reports nothing
 * and keeps no timer, even if the WebSocket underneath is still closing.
 */
import { SUBPROTOCOL } from "@lastseen/protocol/limits";
import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { Environment, SocketLike } from "./environment.js";
import { readFrame, readReply, type Answer, type Message } from "./frame.js";
import { RequestError } from "./request-error.js";

export interface SocketListener {
  onOpen(): void;
  onMessage(message: Message): void;
  /** Called once with the close code; 1006 also when the socket never opened. */
  onEnd(code: number): void;
}

/** How long to wait for an answer, and what to do with one that comes later. */
export interface Patience<T extends RequestType> {
  readonly timeoutMs: number;
  /** Gets an answer that comes after the time limit. It comes before the answers to later requests, or never. */
  readonly late?: ((reply: ReplyData<T>) => void) | undefined;
}

interface Pending {
  readonly timer: unknown;
  readonly onAnswer: (outcome: Answer["outcome"]) => void;
  /** The socket has ended before an answer came. */
  readonly onLost: () => void;
}

const OPEN = 1;
const NORMAL = 1000;
const ABNORMAL = 1006;
/**
 * The client gives up this socket, but not the session. With 1000 the service would take the page for gone and wait less
 * long for it.
 */
const SOCKET_GIVEN_UP = 4000;

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
      if (!this.#ended) listener.onOpen();
    });
    this.#socket.addEventListener("message", ({ data }) => this.#onFrame(data));
    this.#socket.addEventListener("close", ({ code }) => this.end(code ?? ABNORMAL));
  }

  /** @throws RequestError the service's refusal, `timeout`, or `disconnected` when the socket ends first */
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
        if (late) this.#pending.set(id, { timer, onAnswer: (outcome) => pass(outcome, late), onLost: () => {} });
        reject(new RequestError("timeout", `No answer to ${type} within ${timeoutMs} ms.`));
      });
      const pass = (outcome: Answer["outcome"], receive: (reply: ReplyData<T>) => void) => {
        const reply = outcome.ok ? readReply(type, outcome.data) : undefined;
        if (reply) receive(reply);
        else reject(outcome.ok ? unreadable(type) : outcome.error);
      };
      const onAnswer = (outcome: Answer["outcome"]) => pass(outcome, resolve);
      this.#pending.set(id, { timer, onAnswer, onLost: () => reject(disconnected(type)) });
      this.send(JSON.stringify({ id, type, data }));
    });
  }

  /** Does nothing when the socket is not open. */
  send(text: string): void {
    if (!this.#ended && this.#socket.readyState === OPEN) this.#socket.send(text);
  }

  /**
   * Ends at once, because a dead WebSocket may take minutes to report that it has closed.
   *
   * @param code passed to the listener; without it the listener is not called
   */
  end(code?: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timers.clear(this.#openTimer);
    this.#socket.close(code === undefined ? NORMAL : SOCKET_GIVEN_UP);
    for (const { timer, onLost } of this.#pending.values()) {
      this.#timers.clear(timer);
      onLost();
    }
    this.#pending.clear();
    if (code !== undefined) this.#listener.onEnd(code);
  }

  #onFrame(text: unknown): void {
    const frame = this.#ended ? undefined : readFrame(text);
    if (!frame) return;
    if (frame.kind !== "answer") {
      this.#listener.onMessage(frame);
      return;
    }
    const pending = this.#pending.get(frame.id);
    if (!pending) return;
    this.#pending.delete(frame.id);
    this.#timers.clear(pending.timer);
    pending.onAnswer(frame.outcome);
  }
}

function disconnected(type: string): RequestError {
  return new RequestError("disconnected", `There is no connection for ${type}.`);
}

function unreadable(type: string): RequestError {
  return new RequestError("bad_message", `The client cannot read the service's answer to ${type}.`, {
    retryable: false,
  });
}
