import type { Timer } from "../../../src/kernel/clock.js";
import type { Entry, Schedule } from "./schedule.js";
import type { Now } from "./world.js";

export interface TimerItem {
  readonly run: () => void;
  readonly pulse?: Pulse;
}

/** Knows whether a run would find anything. */
export interface PulseWatcher {
  /** Does what the run would have done and returns `true`. Returns `false` when the run must really take place. */
  skip(): boolean;
  /** The run is about to take place. */
  runs(): void;
}

/** A timer that mostly has nothing to do. It asks its watcher first whether it must run. */
export class Pulse implements TimerItem, Timer {
  readonly run: () => void;
  readonly pulse: Pulse = this;
  readonly #now: Now;
  readonly #timers: Schedule<TimerItem>;
  readonly #delayMs: number;
  readonly #watcher: PulseWatcher;
  #entry: Entry<TimerItem>;

  constructor(parts: {
    now: Now;
    timers: Schedule<TimerItem>;
    delayMs: number;
    run: () => void;
    watcher: PulseWatcher;
  }) {
    this.#now = parts.now;
    this.#timers = parts.timers;
    this.#delayMs = parts.delayMs;
    this.#watcher = parts.watcher;
    this.run = () => {
      this.#watcher.runs();
      parts.run();
    };
    this.#entry = this.#timers.add(this.#now.at + this.#delayMs, this);
  }

  /** Skips this run, if the watcher agrees, and sets the timer again. */
  skip(): boolean {
    // Only a run that is on time can be skipped: the service must notice that a late run is late.
    if (this.#entry.at !== this.#now.at || !this.#watcher.skip()) return false;
    this.#entry = this.#timers.add(this.#now.at + this.#delayMs, this);
    return true;
  }

  cancel(): void {
    this.#timers.cancel(this.#entry);
  }
}
