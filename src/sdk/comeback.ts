/** When to try again after the line was lost: by the policy, unless the service or the page knows better. */
import type { ReconnectCause } from "./connection-state.js";
import type { Timers } from "./environment.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";

/** The next attempt, as it is announced. */
export interface Retry {
  /** 0 for the first since the line was last good. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly cause: ReconnectCause;
}

export class Comeback {
  readonly #timers: Timers;
  readonly #policy: ReconnectPolicy;
  readonly #go: () => void;
  #attempt = 0;
  #downSince = 0;
  #told: number | undefined;
  #timer: unknown;
  #waiting = false;

  /** @param go called when an attempt is due */
  constructor(timers: Timers, policy: ReconnectPolicy, go: () => void) {
    this.#timers = timers;
    this.#policy = policy;
    this.#go = go;
  }

  /** Counting begins here: the line is good, or was until now. */
  reset(): void {
    this.cancel();
    this.#attempt = 0;
    this.#downSince = this.#timers.now();
  }

  /** The next attempt, and only that, comes after this delay. */
  tell(delayMs: number): void {
    this.#told = delayMs;
  }

  /** Returns the attempt that is now waited for, or `undefined` when the policy gives up. */
  schedule(cause: ReconnectCause): Retry | undefined {
    const attempt = this.#attempt++;
    const elapsedMs = this.#timers.now() - this.#downSince;
    const delayMs = this.#told ?? this.#policy.nextDelayMs({ attempt, elapsedMs, cause });
    this.#told = undefined;
    if (delayMs === null) return undefined;
    this.#wait(delayMs);
    return { attempt, delayMs, cause };
  }

  /** If an attempt is waited for, it is made now. Returns whether it is so. */
  hurry(): boolean {
    if (this.#waiting) this.#wait(0);
    return this.#waiting;
  }

  cancel(): void {
    this.#timers.clear(this.#timer);
    this.#waiting = false;
    this.#told = undefined;
  }

  #wait(delayMs: number): void {
    this.#timers.clear(this.#timer);
    this.#waiting = true;
    this.#timer = this.#timers.set(delayMs, () => {
      this.#waiting = false;
      this.#go();
    });
  }
}
