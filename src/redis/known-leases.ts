import type { NodeView } from "../ports/directory.js";
import { leaseId, type LeaseId } from "../ports/lease-id.js";
import type { LeaseNews } from "./replies.js";

/**
 * What one node knows of all leases. An answer to a renewal has all leases, or only those that have changed since the last answer
 * that arrived here.
 */
export class KnownLeases {
  #latest = 0;
  #views = new Map<LeaseId, NodeView>();

  /** Number of the latest news that has arrived; 0 when the next answer must have all leases. */
  get latest(): number {
    return this.#latest;
  }

  forget(): void {
    this.#latest = 0;
    this.#views.clear();
  }

  /**
   * Takes an answer.
   *
   * @returns all leases, oldest first; undefined when some of those that are known here are gone. Then all have to be asked for
   */
  take(answer: LeaseNews): readonly NodeView[] | undefined {
    if (answer.kind === "all") this.#views.clear();
    for (const view of answer.nodes) this.#views.set(leaseId(view), view);
    // Every new lease is among those that have changed. So the numbers are equal only when the leases are the same.
    if (answer.kind === "changed" && this.#views.size !== answer.count) {
      this.forget();
      return undefined;
    }
    this.#latest = answer.latest;
    const views = [...this.#views.values()].toSorted((one, other) => one.epoch - other.epoch);
    if (answer.kind === "all") return views;
    return views.map((view) => ({ ...view, expired: answer.expired.has(leaseId(view)) }));
  }
}
