import type { SocketWatch } from "../gateway/socket-watch.js";
import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";
import type { Reconciler } from "../reaper/reconciler.js";
import { HOLD_MS, type Sweeper } from "../reaper/sweeper.js";

/** The reconciler looks for faults that should never happen, so it runs seldom. */
const SWEEPS_PER_RECONCILIATION = 10;
/** How often the sweeper looks at short deadlines. */
export const WATCH_INTERVAL_MS = 250;
/**
 * When two watches lie further apart than this, in milliseconds, the process stood still. A busy machine is often a little
 * late; that is no stall, because before each watch the process reads what has come.
 */
export const LONGEST_STEP_MS = 2_000;

/**
 * The loops that move time: the watch for short deadlines and silent sockets and media, the sweep for the idle timeout, and, less often, the
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
    /** Looks whether media still comes from those who send it. */
    lookForSilence: () => void;
    sweepIntervalMs: number;
    onError: (loop: "watch" | "sweep" | "reconciliation", error: unknown) => void;
  }) {
    const { clock, sweeper, reconciler, sockets, lookForSilence, sweepIntervalMs, onError } = options;
    this.#watch = new Loop({
      clock,
      intervalMs: WATCH_INTERVAL_MS,
      task: async () => {
        await sweeper.watch();
        sockets.advance();
        lookForSilence();
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
