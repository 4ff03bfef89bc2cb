/** At most this part of the time is spent on asking, so that a busy service is asked less often. */
const SHARE = 1 / 5;

/**
 * Repeats something while the page is visible: never twice at once, at once when the page is shown again, and with longer
 * pauses when it takes long.
 */
export class Poller {
  readonly #intervalMs: number;
  readonly #poll: () => Promise<void>;
  readonly #onVisibility = (): void => this.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #again = false;
  #closed = false;

  /** @param poll must not reject */
  constructor(intervalMs: number, poll: () => Promise<void>) {
    this.#intervalMs = intervalMs;
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
    await this.#poll();
    this.#running = false;
    const tookMs = performance.now() - startedAt;
    const pauseMs = this.#again ? 0 : Math.max(this.#intervalMs, tookMs / SHARE);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#run(), pauseMs);
  }
}
