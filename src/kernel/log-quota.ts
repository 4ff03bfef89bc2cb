/** One key's window. */
interface Window {
  /** When it began, in the caller's milliseconds. */
  readonly since: number;
  written: number;
  /** Lines that were left out in this window. */
  leftOut: number;
}

/**
 * Bounds how many log lines one cause may write: the first lines of each key in a window of time are written, the others are
 * counted. The first line of the next window tells how many were left out.
 *
 * Invariant: `#windows` is ordered by `since`, and has at most `maxKeys` keys.
 */
export class LogQuota {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #windows = new Map<string, Window>();

  constructor({ most = 1, windowMs = 60_000, maxKeys = 10_000 } = {}) {
    this.#most = most;
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#windows.size;
  }

  /**
   * @param key the address, session or user that causes the line
   * @param now monotonic milliseconds; never less than at the call before
   * @returns undefined when the line must not be written; else how many lines of this key were left out before it
   */
  take(key: string, now: number): number | undefined {
    const last = this.#windows.get(key);
    if (last && now - last.since < this.#windowMs) {
      if (last.written < this.#most) {
        last.written += 1;
        return 0;
      }
      last.leftOut += 1;
      return undefined;
    }
    this.#begin(key, { since: now, written: 1, leftOut: 0 });
    return last?.leftOut ?? 0;
  }

  /**
   * A line of this key is not written for another reason. The first line of the next window counts it too.
   *
   * @param now as {@link take} has it
   */
  leaveOut(key: string, now: number): void {
    const last = this.#windows.get(key);
    if (last) last.leftOut += 1;
    else this.#begin(key, { since: now, written: 0, leftOut: 1 });
  }

  #begin(key: string, window: Window): void {
    this.#windows.delete(key);
    this.#windows.set(key, window);
    if (this.#windows.size <= this.#maxKeys) return;
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }
}
