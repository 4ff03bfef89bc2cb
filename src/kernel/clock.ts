/**
 * Time for the rest of the service. Domain code takes a {@link Clock} and never asks the process itself, so that a test or a
 * simulation can move time.
 */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. Never jumps, also when somebody sets the wall clock. */
  mono(): number;
  /** Epoch milliseconds; may jump. Only to show a time to people or other machines. */
  wall(): number;
  /** Calls `run` once after at least `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Resolves after the event loop has read everything that waits in its sockets. */
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
  // The first immediate runs after the current poll phase. Between it and the second lies one whole poll phase.
  pollPhase: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
};

/** Resolves after `delayMs` of the given clock. */
export function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
