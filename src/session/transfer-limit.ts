const MOST = 30;
const WINDOW_MS = 60_000;

/** Two tabs that both want a session must not throw each other out for ever: thirty moves a minute, then no more. */
export class TransferLimit {
  #since = -Infinity;
  #count = 0;

  /** @param now monotonic milliseconds */
  allow(now: number): boolean {
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= MOST;
  }
}
