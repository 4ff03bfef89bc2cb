/** Notices that messages about users are lost. Redis numbers those that it sends to this node, from 1 on under each lease. */
export class MessageNumbers {
  #lease: string | undefined;
  /** The number of the last message that has arrived or was given up; undefined after a break, until it is known again. */
  #last: number | undefined;
  /** What had been sent by the last comparison, if it had not all arrived by then. */
  #awaited: number | undefined;

  /** A message has arrived. @returns whether others are missing before it */
  arrived(lease: string, nth: number): boolean {
    // Under an earlier lease of this node, or before the first comparison.
    if (lease !== this.#lease) return false;
    const last = this.#last;
    this.#last = nth;
    // A number that goes back comes from a store that has gone back to older data.
    return last !== undefined && nth !== last + 1;
  }

  /**
   * Redis says how many it has sent under this lease. What is missing may still be under way: only when it has not arrived by the
   * next comparison it is lost.
   *
   * @returns whether messages are lost
   */
  compared(lease: string, sent: number): boolean {
    if (lease !== this.#lease || this.#last === undefined) {
      this.#lease = lease;
      this.#last = sent;
      this.#awaited = undefined;
      return false;
    }
    const isLost = this.#awaited !== undefined && this.#last < this.#awaited;
    if (isLost) this.#last = this.#awaited ?? this.#last;
    this.#awaited = this.#last < sent ? sent : undefined;
    return isLost;
  }

  /** The own subscription was broken: what was sent meanwhile is lost, and has been told. */
  broken(): void {
    this.#last = undefined;
    this.#awaited = undefined;
  }
}
