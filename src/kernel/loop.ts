import type { Clock, Timer } from "./clock.js";

/**
 * Runs a task again and again, never twice at the same time: a run is scheduled when the one before it has ended. An error
 * goes to `onError` and does not stop the next run.
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
    /** The pause between the end of one run and the start of the next, milliseconds. */
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

  /** Runs the task now, or waits for the current run. The regular pause begins after it. Never rejects. */
  runNow(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.start();
    });
    return this.#running;
  }

  /** Starts no further run. Resolves when the current one has ended. */
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
