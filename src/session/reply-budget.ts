/** The bytes that a session may cause each second on average, and at once. */
const BYTES_PER_SECOND = 1_000_000;
export const BURST_BYTES = 4_000_000;

/**
 * What one session may cause the service to send: the answers that it gets, and what the others in its room are sent because it
 * comes. The session pays after the bytes are known, so it may overdraw by one answer, and must then wait.
 */
export class ReplyBudget {
  /** Whole numbers need no memory of their own in a session that is idle. */
  #left = BURST_BYTES;
  /** Monotonic milliseconds of the last refill. */
  #at = 0;

  /** @param now monotonic milliseconds */
  hasSome(now: number): boolean {
    const at = Math.floor(now);
    this.#left = Math.min(BURST_BYTES, this.#left + (at - this.#at) * (BYTES_PER_SECOND / 1000));
    this.#at = at;
    return this.#left > 0;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
  }
}
