/**
 * Loaded with `--import` into each server under test, so that a server that knows nothing of the bench can be asked what
 * it has used. Needs `--expose-gc`.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { answer } from "./ask.js";

export type MeterCommands = {
  /** CPU time of all threads of the process since it started, in microseconds. */
  cpu(argument: null): number;
  /** Memory after collecting garbage, in bytes. `heap` is V8's heap and what it holds outside of it. */
  memory(argument: null): Promise<{ rss: number; heap: number }>;
  /** Begins to measure how late the event loop is. */
  watchLoop(argument: null): void;
  /** How late it was since then, milliseconds. */
  loopDelay(argument: null): LoopDelay;
};

export interface LoopDelay {
  p99: number;
  longest: number;
}

/** The timer that measures the delay fires this often, milliseconds; the histogram counts the interval itself too. */
const LOOP_RESOLUTION_MS = 5;
const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });

const meter: MeterCommands = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  async memory() {
    fillNewSpace();
    // Finalizers run between collections, and what they release is only collected by the next.
    for (let round = 0; round < 4; round += 1) {
      gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  },
  watchLoop() {
    loop.reset();
    loop.enable();
  },
  loopDelay() {
    loop.disable();
    const late = (nanos: number): number => Math.max(0, nanos / 1e6 - LOOP_RESOLUTION_MS);
    return { p99: late(loop.percentile(99)), longest: late(loop.max) };
  },
};

/**
 * Makes V8 use all of its space for new objects at least twice, so that the operating system has given it all of that
 * before it is asked for the first time.
 */
function fillNewSpace(): void {
  const arrays = Array.from({ length: 10 }, () => [0]);
  for (let round = 0; round < 100_000; round += 1) {
    arrays[round % arrays.length] = Array.from({ length: 100 }, (_, index) => index + round);
  }
}

answer(meter);
// The channel must not keep a server running that is told to stop.
process.channel?.unref();
