import type { SocketWatch } from "../gateway/socket-watch.js";
import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";
import type { Reconciler } from "../reaper/reconciler.js";
import { HOLD_MS, type Sweeper } from "../reaper/sweeper.js";

/** The reconciler looks for faults that should never happen, so it runs seldom. */
const SWEEPS_PER_RECONCILIATION = 10;
/** How often the sweeper looks at short deadlines. */
const WATCH_INTERVAL_MS = 250;
/** The longest time between two watches, in milliseconds. What goes beyond it is a stall of this process. */
export const LONGEST_STEP_MS = 2 * WATCH_INTERVAL_MS;

/**
 * The loops that move time: the watch for short deadlines, the sweep for the idle timeout, and, less often, the
 * reconciler, which compares sessions, rooms, media and directory.
 */
export class Loops {
  readonly #watch: Loop;
  readonly #sweep: Loop;
  readonly #reconcile: Loop;

  constructor(options: {
    clock: Clock;
    sweeper: Sweeper;
    reconciler: Reconciler;
    sockets: SocketWatch;
    sweepIntervalMs: number;
    onError: (loop: "watch" | "sweep" | "reconciliation", error: unknown) => void;
  }) {
    const { clock, sweeper, reconciler, sockets, sweepIntervalMs, onError } = options;
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
    this.#reconcile = new Loop({
      clock,
      intervalMs: sweepIntervalMs * SWEEPS_PER_RECONCILIATION,
      task: async () => {
        await reconciler.reconcile();
      },
      onError: (error) => onError("reconciliation", error),
    });
  }

  start(): void {
    this.#watch.start();
    this.#sweep.start();
    this.#reconcile.start();
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), this.#sweep.close(), this.#reconcile.close()]);
  }
}
