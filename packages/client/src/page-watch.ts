import type { Emitter } from "./emitter.js";
import type { PageSignal, PageSource } from "./environment.js";
import type { ClientEvents } from "./events.js";
import type { Connection } from "./connection.js";

/** Passes the page's signals to the connection, and makes the browser ask before it closes a page in a room. */
export class PageWatch {
  readonly #page: PageSource;
  readonly #connection: Connection;
  #stopListening: (() => void) | undefined;
  #allowClosing: (() => void) | undefined;

  /** @param asks whether the browser asks before it closes the page while in a room */
  constructor(page: PageSource, connection: Connection, events: Emitter<ClientEvents>, asks: boolean) {
    this.#page = page;
    this.#connection = connection;
    if (!asks) return;
    events.on("joined", () => (this.#allowClosing ??= page.askBeforeClosing()));
    events.on("left", () => {
      this.#allowClosing?.();
      this.#allowClosing = undefined;
    });
  }

  start(): void {
    this.#stopListening ??= this.#page.listen((signal) => this.#signal(signal));
  }

  stop(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #signal(signal: PageSignal): void {
    switch (signal.kind) {
      case "visible":
        return this.#connection.wake("visible");
      case "hidden":
      case "frozen":
        return this.#connection.ping(signal.kind);
      case "wake":
        return this.#connection.wake(signal.cause === "resume" ? this.#page.visibility : undefined);
      case "hide":
        if (signal.persisted) this.#connection.ping("frozen");
        else this.#connection.beaconGoodbye();
    }
  }
}
