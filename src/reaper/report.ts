import type { ForeignMedia } from "../ports/media-plane.js";

/** What one sweep did. */
export interface SweepReport {
  /** When it began, epoch milliseconds. */
  at: number;
  /** `held`: too many were due at once, nothing was reaped this time. */
  result: "completed" | "held";
  /** Open sessions at its start. */
  checked: number;
  /** Sessions that were due. */
  ghosts: number;
  /** Ids of the sessions that were reaped; fewer than `ghosts` when some were heard at the last moment. */
  reaped: string[];
  /** Stuck cleanups that were tried again. */
  stuckRetried: number;
  durationMs: number;
}

/** What one comparison of the books found and put right. */
export interface ReconcileReport {
  /** Media objects that belong to no live session, seen twice in a row and therefore closed. */
  orphansClosed: number;
  /** Media objects seen without a session for the first time; closed if the next comparison sees them again. */
  orphansSuspected: number;
  /** Live sessions whose media was gone from the worker, seen twice in a row; their clients were told. */
  mediaReset: number;
  /** Media objects that other code in this process made; never closed. */
  foreignMedia: ForeignMedia;
  /** Roster entries without a live session; taken out. */
  rosterRepaired: number;
  /** Directory entries of this node more (or, if negative, fewer) than its sessions. */
  directoryDrift: number;
}
