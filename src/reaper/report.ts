import type { ForeignMedia } from "../ports/media-plane.js";

/** What one sweep did. */
export interface SweepReport {
  /** When it began, epoch milliseconds. */
  at: number;
  /** `held`: too many sessions were due at once, so the sweep reaped none. */
  result: "completed" | "held";
  /** Open sessions at its start. */
  checked: number;
  /** Sessions past the idle timeout. */
  ghosts: number;
  /** Ids of the reaped sessions. Fewer than `ghosts` when some sessions were heard at the last moment. */
  reaped: string[];
  /** Stuck cleanups that were tried again. */
  stuckRetried: number;
  durationMs: number;
}

/** What one comparison found and repaired. */
export interface ReconcileReport {
  /** Media objects without a live session that two comparisons in a row have seen, and that were closed. */
  orphansClosed: number;
  /** Media objects that this comparison is the first to see without a session. The next one closes those that it sees too. */
  orphansSuspected: number;
  /** Live sessions whose media was missing in the worker twice in a row. Their clients were told. */
  mediaReset: number;
  /** Media objects that other code in this process made; never closed. */
  foreignMedia: ForeignMedia;
  /** Roster entries without a live session. They were removed. */
  rosterRepaired: number;
  /** How many more entries this node has in the directory than sessions; negative when it has fewer. */
  directoryDrift: number;
}
