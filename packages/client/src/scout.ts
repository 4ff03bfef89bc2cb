/**
 * Asks whether the service is there, before a socket is opened to it again. Firefox lets sockets to a host wait, after each one
 * that failed a little longer, up to a minute. So the client opens none that would fail.
 */
import type { Environment } from "./environment.js";

/** How long the service may take to answer, ms. */
const ANSWER_MS = 3_000;
/** While no such request has ever succeeded here, a page may forbid them: then a socket is tried so often, ms. */
const ANYWAY_MS = 8_000;

export class Scout {
  readonly #environment: Pick<Environment, "fetch" | "timers">;
  /** Whether the last attempt to open a socket has failed. */
  #isNeeded = false;
  #hasWorked = false;
  #dialledAt = 0;
  #cancel = () => {};

  constructor(environment: Pick<Environment, "fetch" | "timers">) {
    this.#environment = environment;
  }

  /** A socket has opened, or could not be opened. */
  tried(hasOpened: boolean): void {
    this.#isNeeded = !hasOpened;
  }

  /**
   * Never rejects.
   *
   * @param base the service's address, `http://` or `https://`
   * @returns whether to open a socket; undefined when nothing needs to be asked: yes
   */
  ask(base: string, patienceMs: number): Promise<boolean> | undefined {
    const { fetch, timers } = this.#environment;
    if (!this.#isNeeded || !fetch) {
      this.#dialledAt = timers.now();
      return undefined;
    }
    return this.#ask(fetch, `${base}/health/live`, Math.min(ANSWER_MS, patienceMs));
  }

  /** Ends the request; leaves no timer behind. */
  cancel(): void {
    this.#cancel();
  }

  async #ask(fetch: NonNullable<Environment["fetch"]>, url: string, patienceMs: number): Promise<boolean> {
    const { timers } = this.#environment;
    this.cancel();
    const patience = new AbortController();
    const { signal } = patience;
    const timer = timers.set(patienceMs, () => patience.abort());
    this.#cancel = () => {
      timers.clear(timer);
      patience.abort();
    };
    try {
      await fetch(url, { mode: "no-cors", cache: "no-store", credentials: "omit", signal });
      this.#hasWorked = true;
    } catch {
      if (this.#hasWorked || timers.now() - this.#dialledAt < ANYWAY_MS) return false;
    } finally {
      timers.clear(timer);
    }
    this.#dialledAt = timers.now();
    return true;
  }
}
