import type { Clock, Timer } from "./clock.js";

/**
 * Runs a task again and again, never two at once: the next run is scheduled when the last one has ended. An error of
 * one run goes to `onError` and does not stop the next.
 */
export class Loop {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #task: () => void | Promise<void>;
  readonly #onError: (error: unknown) => void;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: {
    clock: Clock;
    /** Pause between the end of one run and the start of the next. */
    intervalMs: number;
    task: () => void | Promise<void>;
    onError: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#intervalMs = options.intervalMs;
    this.#task = options.task;
    this.#onError = options.onError;
  }

  start(): void {
    if (this.#closed || this.#timer || this.#running) return;
    this.#timer = this.#clock.after(this.#intervalMs, () => {
      this.#timer = undefined;
      void this.runNow();
    });
  }

  /** Runs the task now, or joins the run under way; the regular rhythm starts anew after it. Never rejects. */
  runNow(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.start();
    });
    return this.#running;
  }

  /** No run starts after this; resolves when the one under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    try {
      await this.#task();
    } catch (error) {
      this.#onError(error);
    }
  }
}
