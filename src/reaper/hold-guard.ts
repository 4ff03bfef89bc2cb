/**
 * Doubt in oneself: when a large part of all sessions falls due in one pass, the likelier cause is on this side (a dead
 * proxy, a network of our own), so the pass waits once for a bounded time in which they may come back.
 */
export class HoldGuard {
  readonly #holdMs: number;
  #heldSince: number | undefined;

  /** Least part of all sessions, and least number, that makes a pass suspicious. */
  static readonly share = 0.2;
  static readonly least = 50;

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /**
   * @param due sessions that this pass would reap
   * @param total all sessions
   * @param now virtual milliseconds
   * @returns `go`; `hold` (wait); `began` (wait, and this is the first pass of the hold)
   */
  decide(due: number, total: number, now: number): "go" | "hold" | "began" {
    const suspicious = due >= HoldGuard.least && due > total * HoldGuard.share;
    if (this.#heldSince === undefined) {
      if (!suspicious) return "go";
      this.#heldSince = now;
      return "began";
    }
    if (due > 0 && now - this.#heldSince < this.#holdMs) return "hold";
    // It waited once for these; the next burst is another one.
    if (!suspicious) this.#heldSince = undefined;
    return "go";
  }
}
