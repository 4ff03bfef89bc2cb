/** A key's window, and how many attempts were made in it. */
interface Window {
  /** When it began, in the caller's milliseconds. Whole, because whole numbers need no memory of their own. */
  readonly since: number;
  attempts: number;
}

/**
 * Allows each key (a user, a session) a number of attempts in a window of time. A key's window begins with its first
 * attempt and ends `windowMs` later. Refused attempts count, but they do not make the window longer. Around the end of
 * a window a key may therefore make up to twice `most` attempts in a short time.
 *
 * Invariant: `#windows` is ordered by `since`, because time does not run backwards and a new window goes to the end. Each
 * attempt removes the ended windows at the front, so the memory is that of the keys of one window, and at most `maxKeys`.
 */
export class WindowLimit {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  readonly #windows = new Map<string, Window>();

  constructor(options: {
    /** Attempts that are allowed in one window. */
    most: number;
    windowMs: number;
    /** When more keys than this have a window, the oldest window is forgotten and its key begins anew. */
    maxKeys?: number;
  }) {
    this.#most = options.most;
    this.#windowMs = options.windowMs;
    this.#maxKeys = options.maxKeys ?? 100_000;
  }

  /** Keys whose attempts are remembered. */
  get size(): number {
    return this.#windows.size;
  }

  /**
   * Counts an attempt of this key.
   *
   * @param now monotonic milliseconds; never less than at the attempt before
   * @returns whether the attempt is allowed
   */
  allow(key: string, now: number): boolean {
    this.#removeEnded(now);
    let window = this.#windows.get(key);
    if (!window) {
      window = { since: Math.floor(now), attempts: 0 };
      this.#windows.set(key, window);
      this.#removeSurplus();
    }
    window.attempts += 1;
    return window.attempts <= this.#most;
  }

  /** Whether {@link allow} would refuse the next attempt. Counts nothing. */
  isUsedUp(key: string, now: number): boolean {
    return (this.#windows.get(key)?.attempts ?? 0) >= this.#most && this.endsIn(key, now) > 0;
  }

  /** How long it takes until the window of this key ends, milliseconds; 0 when it has none. */
  endsIn(key: string, now: number): number {
    const window = this.#windows.get(key);
    return window ? Math.max(0, window.since + this.#windowMs - now) : 0;
  }

  #removeEnded(now: number): void {
    for (const [key, { since }] of this.#windows) {
      if (now - since < this.#windowMs) return;
      this.#windows.delete(key);
    }
  }

  #removeSurplus(): void {
    const [oldest] = this.#windows.keys();
    if (this.#windows.size > this.#maxKeys && oldest !== undefined) this.#windows.delete(oldest);
  }
}
