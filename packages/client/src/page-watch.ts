import type { Emitter } from "./emitter.js";
import type { PageSignal, PageSource } from "./environment.js";
import type { ClientEvents } from "./events.js";
import type { Connection } from "./connection.js";
import { BACK_WAIT_MS, type TabClaim } from "./tab-claim.js";

/** Passes the page's signals to the connection, and makes the browser ask before it closes a page in a room. */
export class PageWatch {
  readonly #page: PageSource;
  readonly #connection: Connection;
  readonly #tab: TabClaim;
  #stopListening: (() => void) | undefined;
  #allowClosing: (() => void) | undefined;

  /** @param asks whether the browser asks before it closes the page while in a room */
  constructor(
    page: PageSource,
    { connection, tab, events }: { connection: Connection; tab: TabClaim; events: Emitter<ClientEvents> },
    asks: boolean,
  ) {
    this.#page = page;
    this.#connection = connection;
    this.#tab = tab;
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
    const connection = this.#connection;
    switch (signal.kind) {
      case "visible":
        return connection.wake("visible");
      case "hidden":
      case "frozen":
        return connection.ping(signal.kind);
      case "offline":
        return connection.doubt();
      case "wake":
        return this.#wake(signal.cause);
      case "hide":
        if (!signal.persisted) return connection.beaconGoodbye();
        // The tab's next page may go on with the session, so this page gives up its claim too.
        connection.suspend();
        return this.#tab.release();
    }
  }

  #wake(cause: Extract<PageSignal, { kind: "wake" }>["cause"]): void {
    const connection = this.#connection;
    if (cause === "pageshow" && connection.unsuspend(() => this.#tab.claim(BACK_WAIT_MS))) return;
    if (cause === "online" || cause === "network") connection.networkChanged();
    else connection.wake(cause === "resume" ? this.#page.visibility : undefined);
  }
}
