import type { CallSnapshot } from "@lastseen/protocol";
import type { Timers } from "./environment.js";

/** How long an outgoing call rings on after its time, so that the service can say first that nobody has answered. */
const CALLER_EXTRA_MS = 3_000;
/** After a standstill of the page, frames wait behind the first timer; this second wait lets them in. */
const LAST_WAIT_MS = 100;

/** Ends a ring when its time is up, even if the service does not say so. */
export class RingTimer {
  readonly #timers: Timers;
  readonly #onTimeUp: (call: CallSnapshot) => void;
  #timer: unknown;

  constructor(timers: Timers, onTimeUp: (call: CallSnapshot) => void) {
    this.#timers = timers;
    this.#onTimeUp = onTimeUp;
  }

  /** Starts the time of a call if it rings. */
  start(call: CallSnapshot): void {
    this.stop();
    if (call.state === "active" || call.remainingMs === undefined) return;
    const extraMs = call.direction === "outgoing" ? CALLER_EXTRA_MS : 0;
    const firstWaitMs = Math.max(0, call.remainingMs + extraMs - LAST_WAIT_MS);
    this.#timer = this.#timers.set(firstWaitMs, () => {
      this.#timer = this.#timers.set(LAST_WAIT_MS, () => this.#onTimeUp(call));
    });
  }

  stop(): void {
    this.#timers.clear(this.#timer);
  }
}
