/** At most this part of the time is spent on asking, so that a busy service is not asked as often. */
const SHARE = 1 / 5;

/**
 * Does something again and again while somebody may be looking: never twice at once, at once when the page is shown again,
 * and with longer pauses when it takes long.
 */
export class Pulse {
  readonly #intervalMs: number;
  readonly #beat: () => Promise<void>;
  readonly #onVisibility = (): void => this.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #again = false;
  #closed = false;

  /** @param beat must not reject */
  constructor(intervalMs: number, beat: () => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#beat = beat;
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** Without waiting for the next turn; right after this one if it is on its way. */
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
    await this.#beat();
    this.#running = false;
    const tookMs = performance.now() - startedAt;
    const pauseMs = this.#again ? 0 : Math.max(this.#intervalMs, tookMs / SHARE);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#run(), pauseMs);
  }
}
