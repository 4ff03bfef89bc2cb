/**
 * One way to the service, from the first step to its end: a token, a socket, a hello, and then whatever is said. A line is
 * never used twice, and once it has ended it tells nothing more.
 */
import type { ReplyData } from "@lastseen/protocol";
import { socketEnd, type SocketEnd } from "./connection-state.js";
import type { Environment } from "./environment.js";
import type { Message } from "./frame.js";
import type { Greeter, Welcome } from "./greeter.js";
import { Socket } from "./socket.js";

/** Why it has ended: a hello that came to nothing, or the end of the socket. */
export type AttemptEnd = Exclude<Welcome, { kind: "welcome" }> | SocketEnd;

export interface AttemptListener {
  /** The hello was answered: there is a session, and requests go over the wire. */
  welcomed(reply: ReplyData<"hello">, wire: Socket): void;
  heard(message: Message): void;
  /** Told once, except to whoever has closed the line. */
  ended(end: AttemptEnd): void;
}

const OPEN_TIMEOUT_MS = 10_000;
/** A request for a token may hang on a line of its own that has died; whoever has to sign in first needs a while. */
const TOKEN_TIMEOUT_MS = 30_000;
/** Stands for the line's death in the close-code table. */
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

  /** What comes of it is told to the listener. */
  async open(socketUrl: string): Promise<void> {
    const noToken = () => this.end({ kind: "retry", cause: "token_failed" });
    this.#tokenTimer = this.#environment.timers.set(TOKEN_TIMEOUT_MS, noToken);
    let token: string | undefined;
    try {
      token = await this.#greeter.token();
    } catch {
      noToken();
    }
    this.#environment.timers.clear(this.#tokenTimer);
    if (this.#over) return;
    const listener = {
      opened: () => {
        this.#opened = true;
        void this.#greet(token);
      },
      heard: (message: Message) => this.#listener.heard(message),
      ended: (code: number) => this.#broke(code),
    };
    try {
      this.#socket = new Socket(socketUrl, this.#environment, listener, OPEN_TIMEOUT_MS);
    } catch {
      // Such as a page served by https that may not open ws://.
      this.end({ kind: "retry", cause: "connect_failed" });
    }
  }

  /** Gives the line up, but not the session. */
  end(end: AttemptEnd): void {
    if (this.#over) return;
    this.#stop();
    this.#socket?.end(ABNORMAL);
    this.#listener.ended(end);
  }

  /** Gives the session up as well. Nothing of the line is left when this returns. */
  close(): void {
    this.#stop();
    this.#socket?.end();
  }

  #stop(): void {
    this.#over = true;
    this.#environment.timers.clear(this.#tokenTimer);
  }

  async #greet(token: string | undefined): Promise<void> {
    const wire = this.#socket;
    if (!wire) return;
    const welcome = await this.#greeter.greet(wire, token);
    if (this.#over) return;
    if (welcome.kind === "welcome") this.#listener.welcomed(welcome.reply, wire);
    else this.end(welcome);
  }

  #broke(code: number): void {
    const end = socketEnd(code);
    this.end(end.kind === "retry" && !this.#opened ? { ...end, cause: "connect_failed" } : end);
  }
}
