import type { Timer } from "../../../src/kernel/clock.js";
import type { Entry, Schedule } from "./schedule.js";
import type { Now } from "./world.js";

export interface TimerItem {
  readonly run: () => void;
  readonly pulse?: Pulse;
}

/** A timer that mostly comes for nothing: it is asked first whether it has to run. */
export class Pulse implements TimerItem, Timer {
  readonly run: () => void;
  readonly pulse: Pulse = this;
  readonly #now: Now;
  readonly #timers: Schedule<TimerItem>;
  readonly #delayMs: number;
  readonly #skip: () => boolean;
  #entry: Entry<TimerItem>;

  constructor(now: Now, timers: Schedule<TimerItem>, delayMs: number, run: () => void, skip: () => boolean) {
    this.run = run;
    this.#now = now;
    this.#timers = timers;
    this.#delayMs = delayMs;
    this.#skip = skip;
    this.#entry = timers.add(now.at + delayMs, this);
  }

  /** Whether it has come for nothing this time; then it comes again. */
  skip(): boolean {
    // Only a run that is on time finds nothing: a late one has a delay to notice.
    if (this.#entry.at !== this.#now.at || !this.#skip()) return false;
    this.#entry = this.#timers.add(this.#now.at + this.#delayMs, this);
    return true;
  }

  cancel(): void {
    this.#timers.cancel(this.#entry);
  }
}
