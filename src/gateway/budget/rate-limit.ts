import { LastseenError } from "@lastseen/protocol";

/** A burst may have the messages of so many seconds: a client that joins a large room sends two requests per producer. */
const BURST_SECONDS = 8;
/** A client is cut off when it has sent the messages of so many seconds too many. */
const PATIENCE_SECONDS = 10;
/** A frame counts as one message for each so many bytes, and as one at least. Reading costs time for each byte. */
export const BYTES_PER_MESSAGE = 8 * 1024;
/** The bucket counts in thousandths of a message. Whole numbers need no memory of their own in a socket that is idle. */
const UNITS = 1000;

/**
 * `ok`: let the message through. `refuse`: refuse it unread. `cut`: close the socket, because it does not slow down.
 * `drop`: end the socket at once, because it does not stop although it was told that it is closed.
 */
export type RateVerdict = "ok" | "refuse" | "cut" | "drop";

/** The token bucket of one socket, for messages and their bytes. Times are milliseconds; the caller may use any clock. */
export class RateLimit {
  readonly #perSecond: number;
  #units: number;
  #at: number;
  #refused = 0;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#units = perSecond * BURST_SECONDS * UNITS;
    this.#at = Math.floor(now);
  }

  /** @param bytes the length of the frame */
  take(now: number, bytes: number): RateVerdict {
    const full = this.#perSecond * BURST_SECONDS * UNITS;
    const at = Math.floor(now);
    // A message for each second is a unit for each millisecond.
    this.#units = Math.min(full, this.#units + (at - this.#at) * this.#perSecond);
    this.#at = at;
    const cost = Math.max(UNITS, Math.ceil((bytes * UNITS) / BYTES_PER_MESSAGE));
    if (this.#units >= cost) {
      if (this.#units >= full - UNITS) this.#refused = 0;
      this.#units -= cost;
      return "ok";
    }
    this.#refused += cost;
    const patience = this.#perSecond * PATIENCE_SECONDS * UNITS;
    if (this.#refused <= patience) return "refuse";
    return this.#refused <= 2 * patience ? "cut" : "drop";
  }
}

export function rateLimited(): LastseenError {
  return new LastseenError("rate_limited", "Too many messages, or too large ones; slow down.");
}
