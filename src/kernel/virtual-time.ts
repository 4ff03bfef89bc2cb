import type { Clock } from "./clock.js";

/**
 * The time in which deadlines are counted. It follows the monotonic clock as long as {@link tick} is called regularly.
 * While the process stands still (garbage collection, suspended machine, SIGSTOP, starved container) no tick comes, and
 * virtual time stands still too. The pings of the clients wait unread in the socket buffers then, so the pause must not
 * count against the clients.
 */
export class VirtualTime {
  readonly #clock: Clock;
  readonly #longestStepMs: number;
  #tickMono: number;
  #tickVirtual = 0;
  #creditMs = 0;
  #stepMs = 0;

  /** @param longestStepMs the most that virtual time moves between two ticks; the rest is a stall of the process */
  constructor(clock: Clock, longestStepMs: number) {
    this.#clock = clock;
    this.#longestStepMs = longestStepMs;
    this.#tickMono = clock.mono();
  }

  /**
   * Whole virtual milliseconds since this object was created. Never goes back. Each session keeps several of these times, and whole
   * numbers need no memory of their own.
   */
  now(): number {
    return Math.floor(this.#tickVirtual + Math.min(this.#clock.mono() - this.#tickMono, this.#longestStepMs));
  }

  /** Ends one step and begins the next. Returns by how many milliseconds the call is late: 0, or the length of the stall. */
  tick(): number {
    const mono = this.#clock.mono();
    const step = mono - this.#tickMono;
    this.#stepMs = step;
    const late = Math.max(0, step - this.#longestStepMs);
    this.#tickVirtual += step - late;
    this.#tickMono = mono;
    this.#creditMs += late;
    return late;
  }

  /** How far the last two ticks lay apart, in milliseconds of the monotonic clock. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** The sum of all stalls so far, in milliseconds. */
  get creditMs(): number {
    return this.#creditMs;
  }
}
