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
  /** The socket did not open. @returns why */
  explain(): Promise<Trouble>;
  /** Called once, but not after {@link Attempt.close}. */
  onEnd(end: AttemptEnd): void;
}

const OPEN_TIMEOUT_MS = 10_000;
/** The page's request for a token may hang. The limit leaves time for a user who has to sign in first. */
const TOKEN_TIMEOUT_MS = 30_000;
/** The close code of a connection that broke. */
const ABNORMAL = 1006;

export class Attempt {
  readonly #environment: Environment;
  readonly #greeter: Greeter;
  readonly #listener: AttemptListener;
  #socket: Socket | undefined;
  #tokenTimer: unknown;
  #opened = false;
  #over = false;

  constructor(environment: Environment, greeter: Greeter, listener: AttemptListener) {
    this.#environment = environment;
    this.#greeter = greeter;
    this.#listener = listener;
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
    this.#tokenTimer = this.#environment.timers.set(TOKEN_TIMEOUT_MS, () => noToken("no token within 30 s"));
    let token: string | undefined;
    try {
      token = await this.#greeter.token();
    } catch (error) {
      noToken(error);
    }
    this.#environment.timers.clear(this.#tokenTimer);
    if (this.#over) return;
    const listener = {
      onOpen: () => {
        this.#opened = true;
        void this.#greet(token);
      },
      onMessage: (message: Message) => this.#listener.onMessage(message),
      onEnd: (code: number) => this.#onSocketEnd(code),
    };
    try {
      this.#socket = new Socket(socketUrl, this.#environment, listener, OPEN_TIMEOUT_MS);
    } catch (error) {
      // A page served by https may not open ws://.
      const message = `The browser does not open ${socketUrl}: use https:// in url. ${(error as Error).message}`;
      this.end({ kind: "retry", cause: "connect_failed", trouble: { kind: "tls", message } });
    }
  }

  /** Ends the connection, but not the session. */
  end(end: AttemptEnd): void {
    if (this.#over) return;
    this.#stop();
    this.#socket?.end(ABNORMAL);
    this.#listener.onEnd(end);
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
    const end = socketEnd(code);
    if (end.kind === "stop" || this.#opened) this.end(end);
    else void this.#listener.explain().then((trouble) => this.end({ ...end, cause: "connect_failed", trouble }));
  }
}
