import type { BlockedCallers, CallerLimits } from "../ports/blocked-callers.js";

/** The blocked callers of the users, in the memory of one process. */
export class MemoryBlockedCallers implements BlockedCallers {
  /** By callee. */
  readonly #callers = new Map<string, Set<string>>();
  #total = 0;

  has(calleeId: string, callerId: string): boolean {
    return this.#callers.get(calleeId)?.has(callerId) ?? false;
  }

  async add(calleeId: string, callerId: string, { ofCallee, total }: CallerLimits): Promise<"added" | "full"> {
    if (this.has(calleeId, callerId)) return "added";
    const callers = this.#callers.get(calleeId) ?? new Set<string>();
    if (callers.size >= ofCallee || this.#total >= total) return "full";
    this.#callers.set(calleeId, callers.add(callerId));
    this.#total += 1;
    return "added";
  }

  async remove(calleeId: string, callerId: string): Promise<boolean> {
    const callers = this.#callers.get(calleeId);
    if (!callers?.delete(callerId)) return false;
    if (callers.size === 0) this.#callers.delete(calleeId);
    this.#total -= 1;
    return true;
  }

  async of(calleeId: string): Promise<readonly string[]> {
    return [...(this.#callers.get(calleeId) ?? [])];
  }
}
