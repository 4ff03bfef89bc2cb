import type { Clock } from "../../src/kernel/clock.js";

/** Time that is moved by hand, for work that sets no timers: a timer never fires. */
export class HandClock implements Clock {
  #now = 0;

  mono(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  after(): { cancel(): void } {
    return { cancel() {} };
  }

  pollPhase(): Promise<void> {
    return Promise.resolve();
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}
