import type { Random } from "../../support/random.js";
import type { EventLoop } from "./event-loop.js";
import { Schedule, type Entry } from "./schedule.js";

/** The one time of a simulation, in milliseconds; everybody reads it, the world alone moves it. */
export interface Now {
  at: number;
}

/** Returned by a happening after which no promise has anything to do: there is nothing to wait for. */
export const PLAIN = Symbol("plain");
/** Returned by a step in which nothing has happened. */
export const NOTHING = Symbol("nothing");

/** Something that happens at a moment. May return {@link PLAIN}. */
export type Happening = () => unknown;

/**
 * Everything there is: the time, chance, what happens outside the service, and the server processes. Goes from event to
 * event; between two events everything that only waits for promises goes on.
 */
export class World {
  readonly now: Now = { at: 0 };
  readonly random: Random;
  /** The server processes that run at present. */
  readonly loops = new Set<EventLoop>();
  /** Events so far. */
  steps = 0;
  readonly #outside = new Schedule<Happening>();

  constructor(random: Random) {
    this.random = random;
  }

  /** Lets something happen outside the service, milliseconds from now. */
  after(delayMs: number, run: Happening): Entry<Happening> {
    return this.#outside.add(this.now.at + delayMs, run);
  }

  /** Lets something happen outside the service at this moment. */
  at(at: number, run: Happening): Entry<Happening> {
    return this.#outside.add(at, run);
  }

  cancel(entry: Entry<Happening> | undefined): void {
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
    // Whoever calls may be a tick itself, and the next tick would then come before the promises.
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
 * Resolves when everything that waits only for promises has gone on: Node.js empties its queue of promise jobs before it
 * looks at the ticks.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
