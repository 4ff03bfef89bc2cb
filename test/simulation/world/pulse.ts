import type { Timer } from "../../../src/kernel/clock.js";
import type { Entry, Schedule } from "./schedule.js";
import type { Now } from "./world.js";

export interface TimerItem {
  readonly run: () => void;
  readonly pulse?: Pulse;
}

/** Knows whether a run would find anything. */
export interface PulseWatcher {
  /** Carries out what the run would have done and returns `true`, or returns `false` to have it run for real. */
  skip(): boolean;
  /** It is about to run for real. */
  runs(): void;
}

/** A timer that mostly comes for nothing: it is asked first whether it has to run. */
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

  /** Whether it has come for nothing this time; then it comes again. */
  skip(): boolean {
    // Only a run that is on time finds nothing: a late one has a delay to notice.
    if (this.#entry.at !== this.#now.at || !this.#watcher.skip()) return false;
    this.#entry = this.#timers.add(this.#now.at + this.#delayMs, this);
    return true;
  }

  cancel(): void {
    this.#timers.cancel(this.#entry);
  }
}
