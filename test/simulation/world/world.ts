import type { Random } from "../../support/random.js";
import type { EventLoop, Now } from "./event-loop.js";
import { Schedule, type Entry } from "./schedule.js";

/**
 * Everything there is: the time, chance, what happens outside the service, and the one server process. Goes from event to
 * event; between two events everything that only waits for promises goes on.
 */
export class World {
  readonly now: Now = { at: 0 };
  readonly random: Random;
  /** The server process that runs at present, if one does. */
  loop: EventLoop | undefined = undefined;
  /** Events so far. */
  steps = 0;
  readonly #outside = new Schedule<() => void>();

  constructor(random: Random) {
    this.random = random;
  }

  /** Lets something happen outside the service, milliseconds from now. */
  after(delayMs: number, run: () => void): Entry<() => void> {
    return this.#outside.add(this.now.at + delayMs, run);
  }

  /** Lets something happen outside the service at this moment. */
  at(at: number, run: () => void): Entry<() => void> {
    return this.#outside.add(at, run);
  }

  cancel(entry: Entry<() => void> | undefined): void {
    if (entry) this.#outside.cancel(entry);
  }

  /** Whether with this chance something is so. */
  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  /** Evenly between two numbers. */
  between(least: number, most: number): number {
    return least + this.random.next() * (most - least);
  }

  /** Exponentially distributed: the time until something that happens every `meanMs`. */
  someTime(meanMs: number): number {
    return -Math.log(1 - this.random.next()) * meanMs;
  }

  /**
   * Lets time pass until `until`.
   *
   * @param afterStep called after each event and everything that followed from it
   */
  async run(until: number, afterStep: () => void): Promise<void> {
    for (;;) {
      const outsideAt = this.#outside.nextAt;
      const loopAt = this.loop?.nextAt ?? Infinity;
      const at = Math.min(outsideAt, loopAt);
      if (at > until) break;
      if (at > this.now.at) this.now.at = at;
      if (outsideAt <= loopAt) this.#outside.take()?.item();
      else if (!this.loop?.step()) continue;
      this.steps += 1;
      await settled();
      afterStep();
    }
    this.now.at = Math.max(this.now.at, until);
  }
}

/**
 * Resolves when everything that waits only for promises has gone on: Node.js empties its queue of promise jobs before it
 * looks at the ticks.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
