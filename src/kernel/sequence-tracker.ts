/**
 * What has arrived of one sender's messages to all, by their numbers. Finds losses in two ways: a number is skipped, or
 * the sender says that it has sent more. Everything that a sender sent before it was known here counts as lost, too.
 */
export class SequenceTracker {
  /** The sender's run that the numbers belong to; undefined until a message tells it. */
  #stream: string | undefined;
  /** The last number that arrived or was given up; undefined after a break, until it is known again. */
  #last: number | undefined = 0;
  /** What the sender had sent by the last comparison, if it had not all arrived by then. */
  #awaited: number | undefined;
  /** Of the last comparison. */
  #epoch = 0;
  #told = 0;

  /**
   * A message has arrived.
   *
   * @returns whether to take it (a late one is not: it would be out of order), and whether others are missing before it
   */
  arrived(stream: string, seq: number): { inOrder: boolean; missed: boolean } {
    const unnamed = this.#stream === undefined && (this.#last ?? 0) < seq;
    if (stream !== this.#stream && !unnamed && this.#last !== undefined) {
      this.#startOver();
      // What is still said under the lease of the run before is not about this one.
      this.#epoch += 1;
    }
    this.#stream = stream;
    const last = this.#last;
    if (last !== undefined && seq <= last) return { inOrder: false, missed: false };
    this.#last = seq;
    return { inOrder: true, missed: last !== undefined && seq > last + 1 };
  }

  /**
   * The sender has said, under a lease, that it has sent so many. What is missing may still be on the way: only when it
   * has not arrived by the next comparison it is lost.
   *
   * @returns whether messages are lost
   */
  compared(epoch: number, sent: number): boolean {
    if (epoch < this.#epoch) return false;
    // A number that goes back under a new lease: the sender was restarted, and none of its messages has arrived yet.
    if (epoch > this.#epoch && sent < this.#told) this.#startOver();
    this.#epoch = epoch;
    this.#told = sent;
    let lost = false;
    if (this.#awaited !== undefined && (this.#last === undefined || this.#last < this.#awaited)) {
      lost = this.#last !== undefined;
      this.#last = this.#awaited;
    }
    this.#awaited = this.#last === undefined || this.#last < sent ? sent : undefined;
    return lost;
  }

  /** The own subscription was broken: what was sent meanwhile is lost, and has been told. */
  broken(): void {
    this.#last = undefined;
    this.#awaited = undefined;
  }

  #startOver(): void {
    this.#stream = undefined;
    this.#last = 0;
    this.#awaited = undefined;
    this.#told = 0;
  }
}
