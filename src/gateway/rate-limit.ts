import { LastseenError } from "@lastseen/protocol";

/** A burst may have the messages of so many seconds: a client that joins a large room sends two requests per producer. */
const BURST_SECONDS = 8;
/** A client is cut off when it has sent the messages of so many seconds too many. */
const PATIENCE_SECONDS = 10;

/** `ok`: let the message through. `refuse`: refuse it. `cut`: close the socket, because it does not slow down. */
export type RateVerdict = "ok" | "refuse" | "cut";

/** The token bucket of one socket. Times are milliseconds; the caller may use any clock. */
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
