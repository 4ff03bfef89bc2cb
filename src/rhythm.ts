import type { SocketWatch } from "./gateway/socket-watch.js";
import type { Clock } from "./kernel/clock.js";
import { Loop } from "./kernel/loop.js";
import { HOLD_MS, type Sweeper } from "./reaper/sweeper.js";

/** How often short deadlines are looked at. */
const WATCH_INTERVAL_MS = 250;
/** Two watches in a row may be so far apart before the rest counts as the process's own delay. */
export const LONGEST_STEP_MS = 2 * WATCH_INTERVAL_MS;

/** The two loops that move time: the watch for short deadlines, and the sweep for the idle timeout. */
export class Rhythm {
  readonly #watch: Loop;
  readonly #sweep: Loop;

  constructor(options: {
    clock: Clock;
    sweeper: Sweeper;
    sockets: SocketWatch;
    sweepIntervalMs: number;
    onError: (loop: "watch" | "sweep", error: unknown) => void;
  }) {
    const { clock, sweeper, sockets, sweepIntervalMs, onError } = options;
    this.#watch = new Loop({
      clock,
      intervalMs: WATCH_INTERVAL_MS,
      task: async () => {
        await sweeper.watch();
        sockets.advance();
      },
      onError: (error) => onError("watch", error),
    });
    this.#sweep = new Loop({
      clock,
      intervalMs: sweepIntervalMs,
      task: async () => {
        const { result } = await sweeper.sweep();
        if (result === "held") clock.after(HOLD_MS, () => void this.#sweep.runNow());
      },
      onError: (error) => onError("sweep", error),
    });
  }

  start(): void {
    this.#watch.start();
    this.#sweep.start();
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), this.#sweep.close()]);
  }
}
