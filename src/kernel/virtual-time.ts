import type { Clock } from "./clock.js";

/**
 * The time in which deadlines are counted. It follows the monotonic clock as long as {@link tick} is called in rhythm.
 * When the process stands still (garbage collection, suspended machine, SIGSTOP, starved container) no tick comes, and
 * virtual time stands still with it: clients whose pings wait unread in the socket buffers are not charged for a pause
 * that was the service's own.
 */
export class VirtualTime {
  readonly #clock: Clock;
  readonly #longestStepMs: number;
  #tickMono: number;
  #tickVirtual = 0;
  #creditMs = 0;

  /** @param longestStepMs how far time may move between two ticks; what is more is the process's own delay */
  constructor(clock: Clock, longestStepMs: number) {
    this.#clock = clock;
    this.#longestStepMs = longestStepMs;
    this.#tickMono = clock.mono();
  }

  /** Virtual milliseconds since this object was made; never goes back. */
  now(): number {
    return this.#tickVirtual + Math.min(this.#clock.mono() - this.#tickMono, this.#longestStepMs);
  }

  /** Ends one step and begins the next. Returns how much later than allowed it was called: 0, or the length of a stall. */
  tick(): number {
    const mono = this.#clock.mono();
    const step = mono - this.#tickMono;
    const late = Math.max(0, step - this.#longestStepMs);
    this.#tickVirtual += step - late;
    this.#tickMono = mono;
    this.#creditMs += late;
    return late;
  }

  /** All that was credited so far, in milliseconds. */
  get creditMs(): number {
    return this.#creditMs;
  }
}
