import type { Clock, Timer } from "../../../src/kernel/clock.js";

/** The clock of one process. While the process is stopped its timers wait. Once it is dead, none of its timers runs. */
export class NodeTime implements Clock {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #state: "running" | "stopped" | "dead" = "running";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mono(): number {
    return this.#clock.mono();
  }

  wall(): number {
    return this.#clock.wall();
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = this.#clock.after(delayMs, () => {
      if (this.#state === "running") run();
      else if (this.#state === "stopped") this.#waiting.add(run);
    });
    return {
      cancel: () => {
        timer.cancel();
        this.#waiting.delete(run);
      },
    };
  }

  pollPhase(): Promise<void> {
    return Promise.resolve();
  }

  get state(): "running" | "stopped" | "dead" {
    return this.#state;
  }

  stop(): void {
    if (this.#state === "running") this.#state = "stopped";
  }

  die(): void {
    this.#state = "dead";
    this.#waiting.clear();
  }

  goOn(): void {
    if (this.#state !== "stopped") return;
    this.#state = "running";
    const runs = [...this.#waiting];
    this.#waiting.clear();
    for (const run of runs) run();
  }
}
