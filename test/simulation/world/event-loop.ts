import type { Clock, Timer } from "../../../src/kernel/clock.js";
import { Schedule, type Entry } from "./schedule.js";

/** The one time of a simulation, in milliseconds; everybody reads it, the world alone moves it. */
export interface Now {
  at: number;
}

interface TimerItem {
  readonly run: () => void;
  /** For a timer that mostly comes for nothing: returns `true` when that was so now and has been dealt with. */
  readonly skip?: () => boolean;
}

/**
 * The event loop of one server process, as Node.js runs it: timers that are due, then what has arrived in sockets and
 * pipes, then what waits for the end of the poll phase, each callback alone. The process can be stopped between any two
 * callbacks; meanwhile the world goes on and what arrives waits.
 */
export class EventLoop implements Clock {
  /** What the wall clock is ahead of the monotonic one; changing it makes the wall clock jump. */
  wallOffset = 1_700_000_000_000;
  /** How long the process has been stopped in all, milliseconds. */
  stoppedMs = 0;
  readonly #now: Now;
  readonly #timers = new Schedule<TimerItem>();
  readonly #arrivals = new Schedule<() => void>();
  #phase: "timers" | "poll" | "check" = "timers";
  #checks: (() => void)[] = [];
  #checking: (() => void)[] = [];
  #stoppedUntil = 0;
  #stop: { ms: number; afterCallbacks: number } | undefined;

  constructor(now: Now) {
    this.#now = now;
  }

  mono(): number {
    return this.#now.at;
  }

  wall(): number {
    return this.#now.at + this.wallOffset;
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = this.#timers.add(this.#now.at + Math.max(1, delayMs), { run });
    return { cancel: () => this.#timers.cancel(entry) };
  }

  /** Two immediates, as the system's clock does it. */
  pollPhase(): Promise<void> {
    return new Promise((resolve) => {
      this.#checks.push(() => this.#checks.push(resolve));
    });
  }

  /**
   * A clock for a loop that runs often and mostly finds nothing to do.
   *
   * @param skip asked when a run is due: carries out what that run would have done and returns `true`, or returns
   *   `false` to have it run for real
   */
  pulse(skip: () => boolean): Clock {
    const after = (delayMs: number, run: () => void): Timer => {
      const again = (): Entry<TimerItem> => this.#timers.add(this.#now.at + delayMs, { run, skip: trySkip });
      const trySkip = (): boolean => {
        // Only a run that is on time finds nothing: a late one has a delay to notice.
        if (entry.at !== this.#now.at || !skip()) return false;
        entry = again();
        return true;
      };
      let entry = again();
      return { cancel: () => this.#timers.cancel(entry) };
    };
    return { mono: () => this.mono(), wall: () => this.wall(), pollPhase: () => this.pollPhase(), after };
  }

  /** Something comes in from outside at `at` and waits until the loop polls. */
  arrive(at: number, run: () => void): void {
    this.#arrivals.add(at, run);
  }

  /** The process stands still for `ms`, beginning after a few more callbacks. */
  stopFor(ms: number, afterCallbacks = 0): void {
    if (afterCallbacks > 0) this.#stop = { ms, afterCallbacks };
    else this.#stand(ms);
  }

  /** When it will do something next. */
  get nextAt(): number {
    const busy = this.#phase !== "timers" || this.#checks.length > 0;
    const next = busy ? this.#now.at : Math.min(this.#timers.nextAt, this.#arrivals.nextAt);
    return Math.max(next, this.#stoppedUntil);
  }

  /** Timers that wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Runs one callback. Returns whether anything but a skipped pulse was run. */
  step(): boolean {
    const now = this.#now.at;
    if (this.#phase === "timers") {
      if (this.#timers.nextAt <= now) return this.#runTimer();
      this.#phase = "poll";
    }
    if (this.#phase === "poll") {
      if (this.#arrivals.nextAt <= now) return this.#run(this.#arrivals.take()?.item);
      this.#phase = "check";
      this.#checking = this.#checks;
      this.#checks = [];
    }
    const check = this.#checking.shift();
    if (this.#checking.length === 0) this.#phase = "timers";
    return this.#run(check);
  }

  #runTimer(): boolean {
    const timer = this.#timers.take()?.item;
    if (timer?.skip?.()) return false;
    return this.#run(timer?.run);
  }

  #run(callback: (() => void) | undefined): boolean {
    if (!callback) return false;
    callback();
    if (this.#stop && --this.#stop.afterCallbacks <= 0) {
      const { ms } = this.#stop;
      this.#stop = undefined;
      this.#stand(ms);
    }
    return true;
  }

  #stand(ms: number): void {
    const from = Math.max(this.#now.at, this.#stoppedUntil);
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#now.at + ms);
    this.stoppedMs += Math.max(0, this.#stoppedUntil - from);
  }
}
