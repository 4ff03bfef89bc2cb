import { LastseenError } from "@lastseen/protocol";

/** A burst of so many seconds' worth of messages is let through at once: a large room takes two requests per producer. */
const BURST_SECONDS = 8;
/** Who goes on for so many seconds' worth of refused messages is cut off. */
const PATIENCE_SECONDS = 10;

/** `ok`; `refuse` this message; `cut`: this socket does not stop. */
export type RateVerdict = "ok" | "refuse" | "cut";

/** Token bucket of one socket. Times in milliseconds of whatever clock the caller uses. */
export class RateLimit {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;
  #refused = 0;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST_SECONDS;
    this.#at = now;
  }

  take(now: number): RateVerdict {
    const full = this.#perSecond * BURST_SECONDS;
    this.#tokens = Math.min(full, this.#tokens + ((now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
    if (this.#tokens >= 1) {
      if (this.#tokens >= full - 1) this.#refused = 0;
      this.#tokens -= 1;
      return "ok";
    }
    this.#refused += 1;
    return this.#refused > this.#perSecond * PATIENCE_SECONDS ? "cut" : "refuse";
  }
}

export function rateLimited(): LastseenError {
  return new LastseenError("rate_limited", "Too many messages; slow down.");
}
