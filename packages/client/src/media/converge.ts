import type { Timers } from "../environment.js";

/** How long the next pass waits after a failed one; doubles up to the longest wait. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** `again`: something failed that may succeed later. */
export type PassResult = "done" | "again";

/**
 * Runs passes that bring the actual state to the wanted state, one at a time. Any number of requests during a pass lead to
 * one more pass. A pass that could not do everything is repeated after growing waits.
 */
export class Converge {
  readonly #timers: Timers;
  readonly #pass: () => Promise<PassResult>;
  #running: Promise<void> | undefined;
  #again = false;
  #retryTimer: unknown;
  #retryMs = FIRST_RETRY_MS;

  /** @param pass must not reject */
  constructor(timers: Timers, pass: () => Promise<PassResult>) {
    this.#timers = timers;
    this.#pass = pass;
  }

  /** Resolves when a pass that began after this call is over. */
  request(): Promise<void> {
    this.#again = true;
    return (this.#running ??= this.#run());
  }

  /** Like {@link request}, after a change that makes earlier failures irrelevant: the waits start small again. */
  afresh(): Promise<void> {
    this.#retryMs = FIRST_RETRY_MS;
    return this.request();
  }

  /** Cancels the passes that wait. A running pass notices itself that it is out of date. */
  cancel(): void {
    this.#timers.clear(this.#retryTimer);
    this.#again = false;
    this.#retryMs = FIRST_RETRY_MS;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      this.#timers.clear(this.#retryTimer);
      if ((await this.#pass()) === "done") this.#retryMs = FIRST_RETRY_MS;
      else this.#retryLater();
    }
    this.#running = undefined;
  }

  #retryLater(): void {
    this.#retryTimer = this.#timers.set(this.#retryMs, () => void this.request());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}
