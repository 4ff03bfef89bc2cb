import type { Clock } from "../../src/kernel/clock.js";

/** A clock that the test moves, for code without timers. Its timers never fire. */
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
