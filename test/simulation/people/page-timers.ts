import type { Timers } from "@lastseen/client";
import type { Entry } from "../world/schedule.js";
import type { World } from "../world/world.js";

interface PageTimer {
  readonly run: () => void;
  readonly dueAt: number;
  entry: Entry<() => void> | undefined;
}

/**
 * A page's timers. They wait while the page cannot run, and all due timers run when it can run again. When the page is
 * hidden for long they run once a minute.
 */
export class PageTimers implements Timers {
  readonly #world: World;
  /** The time of the machine's clock. */
  readonly #clock: () => number;
  /** Whether timers may run at this moment. */
  readonly #mayRun: () => boolean;
  readonly #live = new Set<PageTimer>();
  #deferred: PageTimer[] = [];

  constructor(parts: { world: World; clock: () => number; mayRun: () => boolean }) {
    this.#world = parts.world;
    this.#clock = parts.clock;
    this.#mayRun = parts.mayRun;
  }

  /** Number of timers that have neither run nor been cleared. */
  get size(): number {
    return this.#live.size;
  }

  now(): number {
    return this.#clock();
  }

  set(delayMs: number, run: () => void): unknown {
    const timer: PageTimer = { run, dueAt: this.#world.now.at + Math.max(1, delayMs), entry: undefined };
    this.#live.add(timer);
    timer.entry = this.#world.at(timer.dueAt, () => this.#fire(timer));
    return timer;
  }

  clear(handle: unknown): void {
    const timer = handle as PageTimer | undefined;
    if (timer && this.#live.delete(timer)) this.#world.cancel(timer.entry);
  }

  /** Runs the timers that had to wait, each as its own task. */
  catchUp(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const timer of deferred.sort((a, b) => a.dueAt - b.dueAt)) {
      timer.entry = this.#world.after(0, () => this.#fire(timer));
    }
  }

  /** Drops all timers, because the page is gone. */
  stop(): void {
    for (const { entry } of this.#live) this.#world.cancel(entry);
    this.#live.clear();
    this.#deferred = [];
  }

  #fire(timer: PageTimer): void {
    if (!this.#live.has(timer)) return;
    if (!this.#mayRun()) {
      this.#deferred.push(timer);
      return;
    }
    this.#live.delete(timer);
    timer.run();
  }
}
