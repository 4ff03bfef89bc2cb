import type { LeaveReason } from "../protocol/messages/index.js";
import type { Session } from "./session.js";
import type { Cause, Verdict } from "./verdict.js";

/**
 * The steps of a session's life. Emitted by the part that makes the step, after it is done; read by the room (to tell
 * the others), the log, the timeline and the metrics.
 */
export interface LifecycleEvents {
  opened: { session: Session };
  /** The connection ended; the session waits for its client. */
  detached: { session: Session; closeCode: number; cause: Cause };
  resumed: { session: Session; replaced: boolean; freshPage: boolean };
  resume_refused: { sessionId: string; userId: string; why: ResumeRefusal };
  joined: { session: Session; roomId: string };
  /** Another tab of the user has taken the session over, under a new epoch. */
  transferred: { session: Session; fromTabId: string };
  transfer_refused: { session: Session; why: "rate_limited" };
  away: { session: Session; cause: Cause };
  back: { session: Session; cause: Cause };
  /** A deadline has passed; the session is about to be reaped. */
  ghost_found: { session: Session; verdict: Verdict };
  left: { session: Session; roomId: string; reason: LeaveReason; cause: Cause | undefined; sinceLastSignMs: number };
  /** The directory could not be told of a new owner; it is an index, so nobody loses anything by it. */
  directory_failed: { session: Session; error: unknown };
  ended: { session: Session; reason: LeaveReason; cause: Cause | undefined };
  cleanup_failed: { session: Session; step: string; attempt: number; error: unknown };
  cleaned: { session: Session; reason: LeaveReason; result: CleanupResult; attempts: number; durationMs: number };
}

export type ResumeRefusal = "unknown" | "wrong_token" | "wrong_user" | "closing";
export type CleanupResult = "clean" | "retried" | "stuck";
