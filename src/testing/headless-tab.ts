import type { ConnectOptions } from "@lastseen/client";
import { headlessEnvironment, type SocketClass } from "@lastseen/client/headless";
import { WebSocket } from "ws";

type Environment = Required<NonNullable<ConnectOptions["environment"]>>;
type PageListener = Parameters<Environment["page"]["listen"]>[0];

/** The environment of a client without a browser, which can be frozen like a page: its socket goes on, and its script stands still. */
export class HeadlessTab {
  readonly environment: Environment;
  #isFrozen = false;
  /** What happened while the tab was frozen. */
  readonly #waiting: (() => void)[] = [];
  readonly #listeners = new Set<PageListener>();

  constructor() {
    const environment = headlessEnvironment({ WebSocket: WebSocket as unknown as SocketClass });
    const { timers, page } = environment;
    this.environment = {
      ...environment,
      timers: { ...timers, set: (delayMs, run) => timers.set(delayMs, () => this.#run(run)) },
      openSocket: (url, protocol) => {
        const socket = environment.openSocket(url, protocol);
        return {
          get readyState() {
            return socket.readyState;
          },
          addEventListener: (type, listener) =>
            socket.addEventListener(type, (event) => this.#run(() => listener(event))),
          send: (text) => socket.send(text),
          close: (code, reason) => socket.close(code, reason),
        };
      },
      page: {
        ...page,
        listen: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
      },
    };
  }

  /** Says to the page that it is frozen now; after that its script stands still. */
  freeze(): void {
    for (const listener of this.#listeners) listener({ kind: "frozen" });
    this.stop();
  }

  /** The script stands still from now on. */
  stop(): void {
    this.#isFrozen = true;
  }

  /** The script goes on, with everything that has happened meanwhile. */
  thaw(): void {
    this.#isFrozen = false;
    for (const run of this.#waiting.splice(0)) run();
    for (const listener of this.#listeners) listener({ kind: "wake", cause: "resume" });
  }

  #run(what: () => void): void {
    if (this.#isFrozen) this.#waiting.push(what);
    else what();
  }
}
