/**
 * Time as the rest of the service knows it. Domain code takes a {@link Clock} and never asks the process itself, so that
 * a test or a simulation can move time.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start; never jumps, goes on while the wall clock is set. */
  mono(): number;
  /** Epoch milliseconds; may jump. Only for showing to people and other machines. */
  wall(): number;
  /** Calls `run` once after at least `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Resolves after the event loop has read what waits in its sockets. */
  pollPhase(): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  mono: () => performance.now(),
  wall: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  // One immediate runs after the poll phase under way; the second is sure that a whole phase lies between.
  pollPhase: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
};

/** Resolves after `delayMs` of the given clock. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
