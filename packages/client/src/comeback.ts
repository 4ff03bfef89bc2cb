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

/** The line broke, and nothing speaks against another one. */
const BROKE: ReadonlySet<ReconnectCause> = new Set<ReconnectCause>(["socket_closed", "pong_timeout"]);

export class Comeback {
  readonly #timers: Timers;
  readonly #policy: ReconnectPolicy;
  readonly #go: () => void;
  #attempt = 0;
  #downSince = 0;
  #told: number | undefined;
  #timer: unknown;
  /** The one attempt that is waited for: whatever would make another one when this has changed, does not. */
  #next: object | undefined;

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

  /**
   * Returns the attempt that is now waited for, or `undefined` when the policy gives up.
   *
   * @param throttled timers of the page may run once a minute, which is longer than a session waits for its client: the
   *   first attempt after the line broke is made without one
   */
  schedule(cause: ReconnectCause, throttled: boolean): Retry | undefined {
    const attempt = this.#attempt++;
    const elapsedMs = this.#timers.now() - this.#downSince;
    const told = this.#told;
    this.#told = undefined;
    const wishedMs = told ?? this.#policy.nextDelayMs({ attempt, elapsedMs, cause });
    if (wishedMs === null) return undefined;
    const atOnce = throttled && attempt === 0 && told === undefined && BROKE.has(cause);
    const delayMs = atOnce ? 0 : wishedMs;
    this.#wait(delayMs);
    return { attempt, delayMs, cause };
  }

  /** If an attempt is waited for, it is made now. Returns whether it is so. */
  hurry(): boolean {
    if (!this.#next) return false;
    this.#wait(0);
    return true;
  }

  cancel(): void {
    this.#timers.clear(this.#timer);
    this.#next = undefined;
    this.#told = undefined;
  }

  /** No delay needs no timer, which may be throttled. */
  #wait(delayMs: number): void {
    this.#timers.clear(this.#timer);
    const next = (this.#next = {});
    const go = () => {
      if (this.#next !== next) return;
      this.#next = undefined;
      this.#go();
    };
    if (delayMs > 0) this.#timer = this.#timers.set(delayMs, go);
    else queueMicrotask(go);
  }
}
