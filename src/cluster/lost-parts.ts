import type { Clock } from "../kernel/clock.js";

/** Operators see a loss for this time. */
const SHOWN_MS = 3_600_000;

/** What the shared store has lost in the last hour, as this node has seen it. */
export class LostParts {
  readonly #clock: Clock;
  /** When each part was last lost: monotonic milliseconds, and epoch milliseconds. */
  readonly #lost = new Map<string, { since: number; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(parts: readonly string[]): void {
    for (const part of parts) this.#lost.set(part, { since: this.#clock.mono(), at: this.#clock.wall() });
  }

  /** Each part with the time of its last loss, epoch milliseconds. */
  get recent(): readonly { part: string; at: number }[] {
    const now = this.#clock.mono();
    return [...this.#lost].flatMap(([part, { since, at }]) => (now - since < SHOWN_MS ? [{ part, at }] : []));
  }
}
