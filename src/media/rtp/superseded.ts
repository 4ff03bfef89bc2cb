import type { Clock, Timer } from "../../kernel/clock.js";

/** What is asked of a transport. */
interface Wire {
  readonly direction: "send" | "recv";
  readonly up: boolean;
  /** Was up, and is not any more. */
  readonly lost: boolean;
}

/**
 * Finds transports that their client has replaced: lost, while another one in the same direction is up. Pages have no way
 * to say that they have given one up, and what is in it would stay on show in the room. A network that changes looks the
 * same for a moment, so that it counts only when it has lasted.
 */
export class Superseded<T extends Wire> {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #found: (transport: T) => void;
  readonly #waiting = new Map<T, Timer>();

  /** @param options `afterMs`: how long it must have been so, milliseconds */
  constructor(options: { clock: Clock; afterMs: number; found: (transport: T) => void }) {
    this.#clock = options.clock;
    this.#afterMs = options.afterMs;
    this.#found = options.found;
  }

  /** To be called after every change. @param all the session's open transports */
  review(all: Iterable<T>): void {
    const transports = [...all];
    const superseded = transports.filter(
      ({ lost, direction }) => lost && transports.some((other) => other.up && other.direction === direction),
    );
    for (const [transport, timer] of this.#waiting) {
      if (superseded.includes(transport)) continue;
      timer.cancel();
      this.#waiting.delete(transport);
    }
    for (const transport of superseded) {
      if (!this.#waiting.has(transport)) this.#waiting.set(transport, this.#wait(transport));
    }
  }

  #wait(transport: T): Timer {
    return this.#clock.after(this.#afterMs, () => void this.#overdue(transport));
  }

  async #overdue(transport: T): Promise<void> {
    // After a standstill of this process the good news may still wait in the pipe.
    await this.#clock.pollPhase();
    if (this.#waiting.delete(transport)) this.#found(transport);
  }
}
