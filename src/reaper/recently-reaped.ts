import type { Clock } from "../kernel/clock.js";

const MOST = 10_000;

/**
 * Remembers for one heartbeat interval which sessions were reaped because they were silent. A client that comes back in that
 * time was alive: the service reaped it wrongly, and the metrics count that.
 */
export class RecentlyReaped {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #reapedAt = new Map<string, number>();

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  add(sessionId: string): void {
    const now = this.#clock.mono();
    for (const [id, at] of this.#reapedAt) {
      if (now - at < this.#keepMs && this.#reapedAt.size < MOST) break;
      this.#reapedAt.delete(id);
    }
    this.#reapedAt.set(sessionId, now);
  }

  /** Whether the session was reaped within that time. Forgets the session. */
  take(sessionId: string): boolean {
    const at = this.#reapedAt.get(sessionId);
    this.#reapedAt.delete(sessionId);
    return at !== undefined && this.#clock.mono() - at < this.#keepMs;
  }
}
