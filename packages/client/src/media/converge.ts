import type { Timers } from "../environment.js";

/** After a failed pass the next one waits this long, doubling up to the longest. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 15_000;

/** `again`: something failed that may succeed later. */
export type PassResult = "done" | "again";

/**
 * Brings what is towards what is wanted, one pass at a time. Asked for while a pass runs, one more pass follows, however
 * often it was asked for; a pass that could not do everything is repeated with growing waits.
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

  /** {@link request} after a change that makes earlier failures meaningless: the waits begin small again. */
  afresh(): Promise<void> {
    this.#retryMs = FIRST_RETRY_MS;
    return this.request();
  }

  /** No pass is waited for any more; one under way notices by itself that it is out of date. */
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
      else this.#later();
    }
    this.#running = undefined;
  }

  #later(): void {
    this.#retryTimer = this.#timers.set(this.#retryMs, () => void this.request());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}
