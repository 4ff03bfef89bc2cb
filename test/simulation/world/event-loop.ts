import type { Clock, Timer } from "../../../src/kernel/clock.js";
import { Pulse, type PulseWatcher, type TimerItem } from "./pulse.js";
import { Schedule } from "./schedule.js";
import { NOTHING, type Happening, type Now } from "./world.js";

/** Number of past stops that the loop remembers. */
const MOST_STOPS = 1_000;

/**
 * The event loop of one server process, in the order of Node.js: first due timers, then arrivals from sockets and pipes,
 * then callbacks that wait for the end of the poll phase. Each step runs one callback. The process can be stopped between
 * any two callbacks; arrivals wait meanwhile.
 */
export class EventLoop implements Clock {
  /** How far the wall clock is ahead of the monotonic clock, in milliseconds. A change makes the wall clock jump. */
  wallOffset = 1_700_000_000_000;
  readonly #now: Now;
  readonly #timers = new Schedule<TimerItem>();
  readonly #arrivals = new Schedule<Happening>();
  #phase: "timers" | "poll" | "check" = "timers";
  #checks: (() => void)[] = [];
  #checking: (() => void)[] = [];
  #stoppedUntil = 0;
  /** The last times in which the process stood still, oldest first. */
  readonly #stops: { from: number; until: number }[] = [];
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

  /** Waits for two immediates, as the system's clock does. */
  pollPhase(): Promise<void> {
    return new Promise((resolve) => {
      this.#checks.push(() => this.#checks.push(resolve));
    });
  }

  /**
   * A clock for a loop of the service that runs often and mostly finds nothing to do.
   *
   * @param everyMs delay of that loop; timers with exactly this delay belong to it
   */
  pulse(everyMs: number, watcher: PulseWatcher): Clock {
    return {
      mono: () => this.mono(),
      wall: () => this.wall(),
      pollPhase: () => this.pollPhase(),
      after: (delayMs, run) =>
        delayMs === everyMs
          ? new Pulse({ now: this.#now, timers: this.#timers, delayMs, run, watcher })
          : this.after(delayMs, run),
    };
  }

  /** Adds an arrival from outside at `at`. It waits until the loop polls. */
  arrive(at: number, run: Happening): void {
    this.#arrivals.add(at, run);
  }

  /** Stops the process for `ms`, after a number of further callbacks. Pulses do not count as callbacks. */
  stopFor(ms: number, afterCallbacks = 0): void {
    if (afterCallbacks > 0) this.#stop = { ms, afterCallbacks };
    else this.#stand(ms);
  }

  /** Ends a stop: the process runs again. */
  goOn(): void {
    const stop = this.#stops.at(-1);
    if (stop && this.isStopped) stop.until = this.#now.at;
    this.#stoppedUntil = 0;
    this.#stop = undefined;
  }

  /** Whether the process stands still now. */
  get isStopped(): boolean {
    return this.#stoppedUntil > this.#now.at;
  }

  /**
   * How long the process has stood still since a moment within the last hours, in milliseconds.
   *
   * @param leastMs shorter stops do not count
   */
  stoppedSince(since: number, leastMs = 0): number {
    let total = 0;
    for (let index = this.#stops.length - 1; index >= 0; index--) {
      const stop = this.#stops[index];
      if (!stop || stop.until <= since) break;
      if (stop.until - stop.from < leastMs) continue;
      total += Math.max(0, Math.min(stop.until, this.#now.at) - Math.max(stop.from, since));
    }
    return total;
  }

  /** When the loop runs its next callback. */
  get nextAt(): number {
    const busy = this.#phase !== "timers" || this.#checks.length > 0;
    const next = busy ? this.#now.at : Math.min(this.#timers.nextAt, this.#arrivals.nextAt);
    return Math.max(next, this.#stoppedUntil);
  }

  /** Number of timers that wait. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Runs one callback and returns its result. Returns `NOTHING` when there was none or only a skipped pulse. */
  step(): unknown {
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

  #runTimer(): unknown {
    const timer = this.#timers.take()?.item;
    if (!timer?.pulse) return this.#run(timer?.run);
    if (timer.pulse.skip()) return NOTHING;
    timer.run();
    return undefined;
  }

  #run(callback: Happening | undefined): unknown {
    if (!callback) return NOTHING;
    const result = callback();
    if (this.#stop && --this.#stop.afterCallbacks <= 0) {
      const { ms } = this.#stop;
      this.#stop = undefined;
      this.#stand(ms);
    }
    return result;
  }

  #stand(ms: number): void {
    const from = Math.max(this.#now.at, this.#stoppedUntil);
    this.#stoppedUntil = Math.max(this.#stoppedUntil, this.#now.at + ms);
    this.#stops.push({ from, until: this.#stoppedUntil });
    if (this.#stops.length > MOST_STOPS) this.#stops.splice(0, MOST_STOPS / 2);
  }
}
