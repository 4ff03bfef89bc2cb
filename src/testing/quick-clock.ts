import { systemClock, type Clock, type Timer } from "../kernel/clock.js";

/** The service takes a longer step for a stall of its process, and then gives clients more time. */
const STEP_MS = 100;

interface Pending {
  readonly dueAt: number;
  readonly run: () => void;
  handle: NodeJS.Timeout | undefined;
}

/**
 * The time of the service in a test: it runs like the real one, and faster while {@link pass} runs. It never stands still and never
 * goes back.
 */
export class QuickClock implements Clock {
  /** How far it is ahead of the real time, milliseconds. */
  #aheadMs = 0;
  readonly #pending = new Set<Pending>();

  mono(): number {
    return systemClock.mono() + this.#aheadMs;
  }

  wall(): number {
    return systemClock.wall() + this.#aheadMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const pending: Pending = { dueAt: this.mono() + delayMs, run, handle: undefined };
    this.#pending.add(pending);
    this.#arm(pending);
    return { cancel: () => this.#cancel(pending) };
  }

  pollPhase(): Promise<void> {
    return systemClock.pollPhase();
  }

  /**
   * Lets time pass in small steps, so that the service does all that it would have done. Clients must be able to answer in between.
   *
   * @param speed so many times faster than the real time
   */
  async pass(ms: number, speed: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      const step = Math.min(STEP_MS, left);
      const realMs = step / speed;
      this.#aheadMs += step - realMs;
      await new Promise((resolve) => setTimeout(resolve, realMs));
      this.#runDue();
      await this.pollPhase();
    }
    for (const pending of this.#pending) this.#arm(pending);
  }

  #runDue(): void {
    const now = this.mono();
    const due = [...this.#pending].filter(({ dueAt }) => dueAt <= now).toSorted((a, b) => a.dueAt - b.dueAt);
    for (const pending of due) if (this.#cancel(pending)) pending.run();
  }

  #arm(pending: Pending): void {
    clearTimeout(pending.handle);
    pending.handle = setTimeout(
      () => {
        this.#pending.delete(pending);
        pending.run();
      },
      Math.max(0, pending.dueAt - this.mono()),
    );
    pending.handle.unref();
  }

  /** @returns `false` when it has run or was cancelled already */
  #cancel(pending: Pending): boolean {
    clearTimeout(pending.handle);
    return this.#pending.delete(pending);
  }
}
