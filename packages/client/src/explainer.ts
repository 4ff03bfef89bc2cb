/** Asks why a WebSocket could not be opened: not too often, and not for too long. */
import type { Environment } from "./environment.js";
import type { Trouble } from "./trouble.js";

/** For all requests of one diagnosis together. */
const TIMEOUT_MS = 3_000;
/** For how long a diagnosis is used again, so that a long outage does not double the number of requests. */
const KEEP_MS = 10_000;

export class Explainer {
  readonly #environment: Pick<Environment, "fetch" | "timers">;
  #last: { readonly base: string; readonly until: number; readonly trouble: Trouble } | undefined;
  #cancel = () => {};

  constructor(environment: Pick<Environment, "fetch" | "timers">) {
    this.#environment = environment;
  }

  /** Never rejects. @param base the service's address, `http://` or `https://` */
  async explain(base: string): Promise<Trouble> {
    const { fetch, timers } = this.#environment;
    const unknown = { kind: "unreachable", message: `The WebSocket to ${base} could not be opened.` } as const;
    if (!fetch) return unknown;
    if (this.#last?.base === base && timers.now() < this.#last.until) return this.#last.trouble;
    const patience = new AbortController();
    const { signal } = patience;
    const timer = timers.set(TIMEOUT_MS, () => patience.abort());
    this.#cancel = () => {
      timers.clear(timer);
      patience.abort();
    };
    const trouble = await import("./diagnosis.js").then(
      ({ diagnose }) =>
        diagnose(base, (url, mode) => fetch(url, { mode, cache: "no-store", credentials: "omit", signal })),
      // The page's own server does not answer either.
      () => unknown,
    );
    timers.clear(timer);
    this.#last = { base, until: timers.now() + KEEP_MS, trouble };
    return trouble;
  }

  /** Ends the requests; leaves no timer behind. */
  cancel(): void {
    this.#cancel();
    this.#last = undefined;
  }
}
