import type { Clock, Timer } from "../../../src/kernel/clock.js";
import { Pulse, type PulseWatcher, type TimerItem } from "./pulse.js";
import { Schedule } from "./schedule.js";
import { NOTHING, type Happening, type Now } from "./world.js";

/** How many stops are remembered. */
const MOST_STOPS = 1_000;

/**
 * The event loop of one server process, as Node.js runs it: timers that are due, then what has arrived in sockets and
 * pipes, then what waits for the end of the poll phase, each callback alone. The process can be stopped between any two
 * callbacks; meanwhile the world goes on and what arrives waits.
 */
export class EventLoop implements Clock {
  /** What the wall clock is ahead of the monotonic one; changing it makes the wall clock jump. */
  wallOffset = 1_700_000_000_000;
  readonly #now: Now;
  readonly #timers = new Schedule<TimerItem>();
  readonly #arrivals = new Schedule<Happening>();
  #phase: "timers" | "poll" | "check" = "timers";
  #checks: (() => void)[] = [];
  #checking: (() => void)[] = [];
  #stoppedUntil = 0;
  /** When it stood still of late, oldest first. */
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

  /** Two immediates, as the system's clock does it. */
  pollPhase(): Promise<void> {
    return new Promise((resolve) => {
      this.#checks.push(() => this.#checks.push(resolve));
    });
  }

  /**
   * A clock for a loop that runs often and mostly finds nothing to do.
   *
   * @param everyMs timers of exactly this delay are that loop's
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

  /** Something comes in from outside at `at` and waits until the loop polls. */
  arrive(at: number, run: Happening): void {
    this.#arrivals.add(at, run);
  }

  /** The process stands still for `ms`, beginning after a few more callbacks; pulses do not count. */
  stopFor(ms: number, afterCallbacks = 0): void {
    if (afterCallbacks > 0) this.#stop = { ms, afterCallbacks };
    else this.#stand(ms);
  }

  /** A process that stands still goes on now. */
  goOn(): void {
    const stop = this.#stops.at(-1);
    if (stop && this.isStopped) stop.until = this.#now.at;
    this.#stoppedUntil = 0;
    this.#stop = undefined;
  }

  /** Whether it stands still now. */
  get isStopped(): boolean {
    return this.#stoppedUntil > this.#now.at;
  }

  /** How long it has stood still since a moment that is not more than some hours ago, milliseconds. */
  stoppedSince(since: number): number {
    let total = 0;
    for (let index = this.#stops.length - 1; index >= 0; index--) {
      const stop = this.#stops[index];
      if (!stop || stop.until <= since) break;
      total += Math.max(0, Math.min(stop.until, this.#now.at) - Math.max(stop.from, since));
    }
    return total;
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

  /** Runs one callback and returns its result, or `NOTHING` when there was none, or none but a pulse that was skipped. */
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
