import type { Clock, Timer } from "../../src/kernel/clock.js";

interface Pending {
  at: number;
  order: number;
  run: () => void;
}

/** Time that stands still until it is moved. Timers run in the order in which they fall due. */
export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  #pending: Pending[] = [];
  /** What the wall clock is ahead of the monotonic one; may be changed to make it jump. */
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

  /** Moves time on, running each timer at its moment and letting promises settle after it. */
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

  /** Time passes but nothing runs, as when the process is stopped. */
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

/** Lets everything that waits only for promises go on. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
