/**
 * One attempt to connect, and the connection that it leads to: a token, a socket, a hello, then messages until the socket
 * ends. An attempt is never used twice, and reports nothing after its end.
 */
import type { ReplyData } from "@lastseen/protocol";
import { socketEnd, type SocketEnd } from "./connection-state.js";
import type { Environment } from "./environment.js";
import type { Message } from "./frame.js";
import type { Greeter, HelloOutcome } from "./greeter.js";
import { RequestError } from "./request-error.js";
import { Socket } from "./socket.js";
import type { Trouble } from "./trouble.js";

/** Why it has ended: the hello failed, or the socket ended. */
export type AttemptEnd = (Exclude<HelloOutcome, { kind: "accepted" }> | SocketEnd) & {
  /** The service's or the page's error, if there is one. */
  readonly error?: RequestError;
  /** Why the socket did not open. */
  readonly trouble?: Trouble;
};

export interface AttemptListener {
  /** The service has answered the hello: there is a session, and the socket takes requests. */
  onConnected(reply: ReplyData<"hello">, socket: Socket): void;
  onMessage(message: Message): void;
  /** Whether to open a socket; undefined: yes. */
  isServiceThere(): Promise<boolean> | undefined;
  /** The socket did not open. @returns why */
  explain(): Promise<Trouble>;
  /** Called once, but not after {@link Attempt.close} or {@link Attempt.abandon}. */
  onEnd(end: AttemptEnd): void;
}

const OPEN_TIMEOUT_MS = 10_000;
/** The page's request for a token may hang. The limit leaves time for a user who has to sign in first. */
const TOKEN_TIMEOUT_MS = 30_000;
/** So much of an attempt's time is left for explaining why the socket did not open. */
export const EXPLAIN_SHARE = 1 / 4;
/** The close code of a connection that broke. */
const ABNORMAL = 1006;

export class Attempt {
  readonly #environment: Environment;
  readonly #greeter: Greeter;
  readonly #listener: AttemptListener;
  readonly #limitMs: number;
  readonly #startedAt: number;
  #socket: Socket | undefined;
  #tokenTimer: unknown;
  #isAsking = false;
  #opened = false;
  #over = false;

  /** @param limitMs how long it may take until the socket is open, or until {@link AttemptListener.explain} has said why not */
  constructor(environment: Environment, greeter: Greeter, listener: AttemptListener, limitMs: number) {
    this.#environment = environment;
    this.#greeter = greeter;
    this.#listener = listener;
    this.#limitMs = limitMs * (1 - EXPLAIN_SHARE);
    this.#startedAt = environment.timers.now();
  }

  /** For how long it has been going on, in ms. */
  get ageMs(): number {
    return this.#environment.timers.now() - this.#startedAt;
  }

  /** Whether it has its token and waits for the service. */
  get isDialing(): boolean {
    return this.#isAsking || this.#socket !== undefined;
  }

  /** Never rejects: the listener gets the outcome. */
  async open(socketUrl: string): Promise<void> {
    const noToken = (why: unknown) => {
      const error = new RequestError(
        "unauthorized",
        `getToken failed: ${why instanceof Error ? why.message : String(why)}.`,
      );
      this.end({ kind: "retry", cause: "token_failed", error });
    };
    const patienceMs = Math.min(TOKEN_TIMEOUT_MS, this.#limitMs);
    this.#tokenTimer = this.#environment.timers.set(patienceMs, () => noToken("no token in time"));
    let token: string | undefined;
    try {
      token = await this.#greeter.token();
    } catch (error) {
      noToken(error);
    }
    this.#environment.timers.clear(this.#tokenTimer);
    if (this.#over) return;
    const asking = this.#listener.isServiceThere();
    if (asking) {
      this.#isAsking = true;
      const isThere = await asking;
      this.#isAsking = false;
      if (this.#over) return;
      if (!isThere) {
        void this.#explain();
        return;
      }
    }
    const listener = {
      onOpen: () => {
        this.#opened = true;
        void this.#greet(token);
      },
      onMessage: (message: Message) => this.#listener.onMessage(message),
      onEnd: (code: number) => this.#onSocketEnd(code),
    };
    try {
      const openTimeoutMs = Math.min(OPEN_TIMEOUT_MS, Math.max(0, this.#limitMs - this.ageMs));
      this.#socket = new Socket(socketUrl, this.#environment, listener, openTimeoutMs);
    } catch (error) {
      // A page served by https may not open ws://.
      const message = `The browser does not open ${socketUrl}: use https:// in url. ${(error as Error).message}`;
      this.end({ kind: "retry", cause: "connect_failed", trouble: { kind: "tls", message } });
    }
  }

  /** Ends the connection, but not the session. */
  end(end: AttemptEnd): void {
    if (this.#over) return;
    this.abandon();
    this.#listener.onEnd(end);
  }

  /** Ends the connection, but not the session, and tells nobody: another attempt takes its place. */
  abandon(): void {
    this.#stop();
    this.#socket?.end(ABNORMAL);
  }

  /** Ends the connection because the session ends too; leaves no socket or timer behind. */
  close(): void {
    this.#stop();
    this.#socket?.end();
  }

  #stop(): void {
    this.#over = true;
    this.#environment.timers.clear(this.#tokenTimer);
  }

  async #greet(token: string | undefined): Promise<void> {
    const socket = this.#socket;
    if (!socket) return;
    const outcome = await this.#greeter.greet(socket, token);
    if (this.#over) return;
    if (outcome.kind === "accepted") this.#listener.onConnected(outcome.reply, socket);
    else this.end(outcome);
  }

  #onSocketEnd(code: number): void {
    if (this.#over) return;
    const end = socketEnd(code);
    if (end.kind === "stop" || this.#opened) this.end(end);
    else void this.#explain();
  }

  async #explain(): Promise<void> {
    this.end({ kind: "retry", cause: "connect_failed", trouble: await this.#listener.explain() });
  }
}
