import type { Random } from "../../support/random.js";
import type { EventLoop } from "./event-loop.js";
import { Schedule, type Entry } from "./schedule.js";

/** The time of a simulation, in milliseconds. All parts read it, and only the world moves it. */
export interface Now {
  at: number;
}

/** A happening returns this when no promise can continue after it, so that the world need not wait. */
export const PLAIN = Symbol("plain");
/** A step returns this when nothing has happened. */
export const NOTHING = Symbol("nothing");

/** A function that runs at a moment. May return {@link PLAIN}. */
export type Happening = () => unknown;

/**
 * The simulated world: the time, chance, events outside the service, and the server processes. It goes from event to event.
 * Between two events, all code runs that waits only for promises.
 */
export class World {
  readonly now: Now = { at: 0 };
  readonly random: Random;
  /** The event loops of the server processes that run. */
  readonly loops = new Set<EventLoop>();
  /** Number of events so far. */
  steps = 0;
  readonly #outside = new Schedule<Happening>();

  constructor(random: Random) {
    this.random = random;
  }

  /** Schedules an event outside the service, in milliseconds from now. */
  after(delayMs: number, run: Happening): Entry<Happening> {
    return this.#outside.add(this.now.at + delayMs, run);
  }

  /** Schedules an event outside the service at a moment. */
  at(at: number, run: Happening): Entry<Happening> {
    return this.#outside.add(at, run);
  }

  cancel(entry: Entry<Happening> | undefined): void {
    if (entry) this.#outside.cancel(entry);
  }

  /** Returns `true` with this probability. */
  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  /** A random number between two numbers, evenly distributed. */
  between(least: number, most: number): number {
    return least + this.random.next() * (most - least);
  }

  /** A random time, exponentially distributed: the wait for an event that happens every `meanMs` on average. */
  someTime(meanMs: number): number {
    return -Math.log(1 - this.random.next()) * meanMs;
  }

  /**
   * Lets time pass until `until`.
   *
   * @param afterStep called after each event and after the promises that continued because of it
   */
  async run(until: number, afterStep: () => void): Promise<void> {
    // The caller may run in a tick itself. Then the next tick would come before the promises.
    await settled();
    for (;;) {
      let at = this.#outside.nextAt;
      let first: EventLoop | undefined;
      for (const loop of this.loops) {
        const { nextAt } = loop;
        if (nextAt >= at) continue;
        at = nextAt;
        first = loop;
      }
      if (at > until) break;
      if (at > this.now.at) this.now.at = at;
      const result = first ? first.step() : this.#outside.take()?.item();
      if (result === NOTHING) continue;
      this.steps += 1;
      if (result !== PLAIN) await settled();
      afterStep();
    }
    this.now.at = Math.max(this.now.at, until);
  }
}

/**
 * Resolves when all code that waits only for promises has run: Node.js empties its queue of promise jobs before it runs the
 * next ticks.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
