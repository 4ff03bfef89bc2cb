import type { Clock, Timer } from "../../kernel/clock.js";

/** What has to be known of a transport. */
interface TransportState {
  readonly direction: "send" | "recv";
  readonly up: boolean;
  /** It was up and is not any more. */
  readonly lost: boolean;
}

/**
 * Finds transports that the client has replaced: they are lost while another one in the same direction is up. A page
 * cannot say that it has given up a transport, and the others would go on seeing the producers in it. A change of network
 * looks the same for a moment, so a transport counts as replaced only after some time.
 */
export class ReplacedTransports<T extends TransportState> {
  readonly #clock: Clock;
  readonly #afterMs: number;
  readonly #onReplaced: (transport: T) => void;
  readonly #waiting = new Map<T, Timer>();

  /** @param options `afterMs`: after how long in this state a transport counts as replaced, milliseconds */
  constructor(options: { clock: Clock; afterMs: number; onReplaced: (transport: T) => void }) {
    this.#clock = options.clock;
    this.#afterMs = options.afterMs;
    this.#onReplaced = options.onReplaced;
  }

  /**
   * To be called after every change.
   *
   * @param all the session's open transports
   */
  review(all: Iterable<T>): void {
    const transports = [...all];
    const replaced = transports.filter(
      ({ lost, direction }) => lost && transports.some((other) => other.up && other.direction === direction),
    );
    for (const [transport, timer] of this.#waiting) {
      if (replaced.includes(transport)) continue;
      timer.cancel();
      this.#waiting.delete(transport);
    }
    for (const transport of replaced) {
      if (!this.#waiting.has(transport)) this.#waiting.set(transport, this.#wait(transport));
    }
  }

  #wait(transport: T): Timer {
    return this.#clock.after(this.#afterMs, () => void this.#overdue(transport));
  }

  async #overdue(transport: T): Promise<void> {
    // If this process stood still, the report that the transport is up may still wait in the pipe.
    await this.#clock.pollPhase();
    if (this.#waiting.delete(transport)) this.#onReplaced(transport);
  }
}
