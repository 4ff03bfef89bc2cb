/** However long an answer takes, the next question comes after this pause: what is on the page must not get old. */
const LONGEST_PAUSE_MS = 5_000;

/**
 * Repeats something while the page is visible: never twice at once, at once when the page is shown again, and with longer
 * pauses when an answer takes long.
 */
export class Poller {
  readonly #intervalMs: number;
  readonly #share: number;
  readonly #poll: () => Promise<boolean>;
  readonly #onVisibility = (): void => this.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #again = false;
  #closed = false;

  /**
   * @param options `share`: at most this part of the time is spent on waiting for answers, so that a busy service is asked less
   *   often
   * @param poll resolves to whether an answer came, and never rejects; without an answer the pause is not longer
   */
  constructor({ intervalMs, share }: { intervalMs: number; share: number }, poll: () => Promise<boolean>) {
    this.#intervalMs = intervalMs;
    this.#share = share;
    this.#poll = poll;
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** Polls without waiting for the next turn; right after the poll that is running, if one is. */
  now(): void {
    if (this.#running) this.#again = true;
    else void this.#run();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#closed || document.visibilityState === "hidden") return;
    this.#running = true;
    this.#again = false;
    const startedAt = performance.now();
    const isAnswered = await this.#poll();
    this.#running = false;
    const tookMs = isAnswered ? performance.now() - startedAt : 0;
    const restMs = Math.min(LONGEST_PAUSE_MS, tookMs / this.#share);
    const pauseMs = this.#again ? 0 : Math.max(this.#intervalMs, restMs);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#run(), pauseMs);
  }
}
