const MOST = 30;
const WINDOW_MS = 60_000;

/** Nobody rings others up without end: thirty attempts a minute and user, then no more. */
export class CallLimit {
  readonly #attempts = new Map<string, { since: number; count: number }>();

  /** Users with attempts in the last minute, and those who are not swept out yet. */
  get size(): number {
    return this.#attempts.size;
  }

  /** @param now monotonic milliseconds */
  allow(userId: string, now: number): boolean {
    let attempts = this.#attempts.get(userId);
    if (!attempts || now - attempts.since >= WINDOW_MS) {
      attempts = { since: now, count: 0 };
      this.#attempts.set(userId, attempts);
    }
    attempts.count += 1;
    return attempts.count <= MOST;
  }

  /** Forgets attempts that count no more. */
  sweep(now: number): void {
    for (const [userId, { since }] of this.#attempts) {
      if (now - since >= WINDOW_MS) this.#attempts.delete(userId);
    }
  }
}
