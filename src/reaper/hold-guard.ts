/**
 * Guards against a fault of the service's own side. When a large part of all sessions falls due in one pass, the cause is
 * more likely here (a dead proxy, a broken network) than with all clients at once. Then the pass waits once, for a bounded
 * time, in which the clients may come back.
 */
export class HoldGuard {
  readonly #holdMs: number;
  #heldSince: number | undefined;

  /** A pass is suspicious when more than this share of all sessions falls due, */
  static readonly share = 0.2;
  /** and at least this number. */
  static readonly least = 50;

  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /**
   * @param due sessions that this pass would reap
   * @param total all sessions
   * @param now virtual milliseconds
   * @returns `go`: reap. `hold`: wait. `began`: wait, and this is the first pass of the hold
   */
  decide(due: number, total: number, now: number): "go" | "hold" | "began" {
    const suspicious = due >= HoldGuard.least && due > total * HoldGuard.share;
    if (this.#heldSince === undefined) {
      if (!suspicious) return "go";
      this.#heldSince = now;
      return "began";
    }
    if (due > 0 && now - this.#heldSince < this.#holdMs) return "hold";
    // The guard waited once for these sessions. When many fall due again later, it waits again.
    if (!suspicious) this.#heldSince = undefined;
    return "go";
  }
}
