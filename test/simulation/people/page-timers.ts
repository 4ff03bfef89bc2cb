import type { Timers } from "../../../src/sdk/index.js";
import type { Entry } from "../world/schedule.js";
import type { World } from "../world/world.js";

interface PageTimer {
  readonly run: () => void;
  readonly dueAt: number;
  entry: Entry<() => void> | undefined;
  live: boolean;
}

/**
 * A page's timers. While the page cannot run they wait, and all that are due come at once when it can again; while it is
 * hidden for long they come once a minute.
 */
export class PageTimers implements Timers {
  readonly #world: World;
  /** Whether timers may run at this moment. */
  readonly #mayRun: () => boolean;
  #deferred: PageTimer[] = [];
  #dead = false;

  constructor(world: World, mayRun: () => boolean) {
    this.#world = world;
    this.#mayRun = mayRun;
  }

  now(): number {
    return this.#world.now.at;
  }

  set(delayMs: number, run: () => void): unknown {
    const timer: PageTimer = { run, dueAt: this.now() + Math.max(1, delayMs), entry: undefined, live: true };
    timer.entry = this.#world.at(timer.dueAt, () => this.#fire(timer));
    return timer;
  }

  clear(handle: unknown): void {
    const timer = handle as PageTimer | undefined;
    if (!timer?.live) return;
    timer.live = false;
    this.#world.cancel(timer.entry);
  }

  /** Runs what had to wait, each as a task of its own. */
  catchUp(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const timer of deferred.sort((a, b) => a.dueAt - b.dueAt)) {
      timer.entry = this.#world.after(0, () => this.#fire(timer));
    }
  }

  /** The page is gone. */
  stop(): void {
    this.#dead = true;
    this.#deferred = [];
  }

  #fire(timer: PageTimer): void {
    if (!timer.live || this.#dead) return;
    if (!this.#mayRun()) {
      this.#deferred.push(timer);
      return;
    }
    timer.live = false;
    timer.run();
  }
}
