import type { GhostCause, GivenUp, LeaveReason } from "@lastseen/protocol";
import type { DetachKind } from "./evidence.js";
import type { MediaReset, Session } from "./session.js";
import type { GhostVerdict } from "./verdict.js";

/**
 * The steps of a session's life. The part that makes a step emits its event after the step is done. The room reads the
 * events to tell the others; the log, the timeline and the metrics read them too.
 */
export interface LifecycleEvents {
  opened: { session: Session };
  /** The connection ended. The session waits for its client. */
  detached: { session: Session; closeCode: number; cause: DetachKind };
  resumed: { session: Session; replaced: boolean; mediaReset: MediaReset | undefined };
  /** This node took the session over from a dead node, or another node gave it away. It waits for its client here. */
  adopted: { session: Session; fromNodeId: string };
  resume_refused: { sessionId: string; userId: string; why: ResumeRefusal };
  joined: { session: Session; roomId: string };
  /** The session moved to another tab of its user, under a new epoch. */
  transferred: { session: Session; fromTabId: string };
  transfer_refused: { session: Session; why: "rate_limited" };
  away: { session: Session; cause: GhostCause };
  back: { session: Session; cause: "heard" };
  /** A deadline has passed. The reaper ends the session next. */
  ghost_found: { session: Session; verdict: GhostVerdict };
  left: {
    session: Session;
    roomId: string;
    reason: LeaveReason;
    cause: GhostCause | undefined;
    sinceLastSignMs: number;
    /** Set when the session goes on in this room on another node, so that nobody has left. */
    givenUp?: GivenUp | undefined;
  };
  /** A write to the directory failed. The directory is only an index, so no session is lost. */
  directory_failed: { session: Session; error: unknown };
  /** A write to the directory succeeded after so many failures. */
  directory_recovered: { failures: number };
  /** Another node owns the session now. Nothing has happened on this node yet. */
  held_elsewhere: { session: Session; why: GivenUp };
  /** This node gives the session up and ends it right after this. Only the listener of `held_elsewhere` emits it. */
  given_up: { session: Session; why: GivenUp };
  ended: {
    session: Session;
    reason: LeaveReason;
    cause: GhostCause | undefined;
    /** Set when the session goes on on another node and ends only here. */
    givenUp?: GivenUp | undefined;
  };
  cleanup_failed: { session: Session; step: string; attempt: number; error: unknown };
  cleaned: {
    session: Session;
    reason: LeaveReason;
    result: CleanupResult;
    attempts: number;
    durationMs: number;
    givenUp?: GivenUp | undefined;
  };
  /** A call that this session is in, or that rings at it, has changed. */
  call_step: { session: Session; step: CallStep; callId: string; detail: Readonly<Record<string, unknown>> };
  /** A call was not even begun. */
  call_refused: { session: Session; to: string; outcome: "busy" | "offline" };
  /** A call is over: told once in the whole service, by the node that ended it. */
  call_finished: { callId: string; outcome: CallOutcome };
  /** The statuses of these users may have changed. */
  call_changed: { userIds: readonly string[] };
  /** The store of the calls could not be asked; what had to be told to it is told later. */
  call_store_failed: { operation: string; error: unknown };
  /** It answers again; `failures`: how often it could not be asked meanwhile. */
  call_store_recovered: { failures: number };
}

export type ResumeRefusal = "unknown" | "wrong_token" | "wrong_user" | "closing";
export type CleanupResult = "clean" | "retried" | "stuck";
export type CallStep = "call started" | "call rings" | "call accepted" | "call over";
export const CALL_OUTCOMES = ["ended", "declined", "timeout", "cancelled", "busy", "offline", "disconnected"] as const;
/** What an attempt to call somebody came to. */
export type CallOutcome = (typeof CALL_OUTCOMES)[number];
