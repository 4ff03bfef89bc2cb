import type { Clock, Timer } from "../../src/kernel/clock.js";

interface Pending {
  at: number;
  order: number;
  run: () => void;
}

/** A clock that stands still until the test moves it. Timers run in the order of their due times. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  #pending: Pending[] = [];
  /** How far the wall clock is ahead of the monotonic clock, in milliseconds. Change it to make the wall clock jump. */
  wallOffset = 1_700_000_000_000;

  mono(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.wallOffset;
  }

  after(delayMs: number, run: () => void): Timer {
    const pending = { at: this.#now + delayMs, order: this.#order++, run };
    this.#pending.push(pending);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== pending);
      },
    };
  }

  pollPhase(): Promise<void> {
    return Promise.resolve();
  }

  get pendingTimers(): number {
    return this.#pending.length;
  }

  /** Moves the time. Runs each timer at its moment and then all code that waits only for promises. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      const due = next;
      this.#pending = this.#pending.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  /** Moves the time and runs nothing, as when the process is stopped. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #next(until: number): Pending | undefined {
    return this.#pending
      .filter(({ at }) => at <= until)
      .reduce<Pending | undefined>((first, other) => (first && compare(first, other) <= 0 ? first : other), undefined);
  }
}

function compare(a: Pending, b: Pending): number {
  return a.at - b.at || a.order - b.order;
}

/** Runs all code that waits only for promises. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
