import type { Emitter } from "./emitter.js";
import type { PageSignal, PageSource } from "./environment.js";
import type { ClientEvents } from "./events.js";
import type { Link } from "./link.js";

/** What happens to the page, told to the link; and the one thing that the client may ask of the page. */
export class PageWatch {
  readonly #page: PageSource;
  readonly #link: Link;
  #stopListening: (() => void) | undefined;
  #allowClosing: (() => void) | undefined;

  /** @param asks whether the browser asks before the page is closed while in a room */
  constructor(page: PageSource, link: Link, events: Emitter<ClientEvents>, asks: boolean) {
    this.#page = page;
    this.#link = link;
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
        return this.#link.wake("visible");
      case "hidden":
      case "frozen":
        return this.#link.ping(signal.kind);
      case "wake":
        return this.#link.wake(signal.cause === "resume" ? this.#page.visibility : undefined);
      case "hide":
        if (signal.persisted) this.#link.ping("frozen");
        else this.#link.beaconGoodbye();
    }
  }
}
