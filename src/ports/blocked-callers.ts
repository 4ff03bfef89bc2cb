/**
 * Whom each user does not want to be called by, for all nodes of one service. The store of the calls reads this list itself:
 * a call to a user who has blocked the caller rings only for the caller; see `hidden` in `call-record.ts`.
 */

export interface CallerLimits {
  /** So many callers may be blocked by one user. */
  readonly ofCallee: number;
  /** So many entries may there be, of all users together. */
  readonly total: number;
}

/** Every method rejects when the store does not answer. */
export interface BlockedCallers {
  /** Adds a caller to the list of a user. Nothing changes when the caller is on it. */
  add(calleeId: string, callerId: string, limits: CallerLimits): Promise<"added" | "full">;
  /** @returns `false` when the caller is not on the list */
  remove(calleeId: string, callerId: string): Promise<boolean>;
  /** The callers on the list of a user, in no particular order. */
  of(calleeId: string): Promise<readonly string[]>;
}
