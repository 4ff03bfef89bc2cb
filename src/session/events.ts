import type { LeaveReason } from "@lastseen/protocol";
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
  resumed: { session: Session; replaced: boolean; mediaReset: MediaReset | undefined };
  /** Another node has gone, or has given it away; the session waits for its client here. */
  adopted: { session: Session; fromNodeId: string };
  resume_refused: { sessionId: string; userId: string; why: ResumeRefusal };
  joined: { session: Session; roomId: string };
  /** Another tab of the user has taken the session over, under a new epoch. */
  transferred: { session: Session; fromTabId: string };
  transfer_refused: { session: Session; why: "rate_limited" };
  away: { session: Session; cause: Cause };
  back: { session: Session; cause: Cause };
  /** A deadline has passed; the session is about to be reaped. */
  ghost_found: { session: Session; verdict: Verdict };
  left: {
    session: Session;
    roomId: string;
    reason: LeaveReason;
    cause: Cause | undefined;
    sinceLastSignMs: number;
    /** The session goes on in this room on another node: nobody has left. */
    givenUp?: GivenUp | undefined;
  };
  /** The directory could not be told of a new owner; it is an index, so nobody loses anything by it. */
  directory_failed: { session: Session; error: unknown };
  /** It can be told again, after so many failures. */
  directory_recovered: { failures: number };
  /** Another node holds the session: it was taken over (`fenced`) or given to it. Nothing has happened here yet. */
  held_elsewhere: { session: Session; why: GivenUp };
  /** This node gives the session up, and ends it here right after this. Only the listener of `held_elsewhere` emits it. */
  given_up: { session: Session; why: GivenUp };
  ended: {
    session: Session;
    reason: LeaveReason;
    cause: Cause | undefined;
    /** Ended here only: it goes on on another node. */
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

/** How another node came to have a session that was this node's: it has taken it over, or was given it. */
export const GIVEN_UP = ["fenced", "handed_over"] as const;
export type GivenUp = (typeof GIVEN_UP)[number];
/** Why nothing of the media that a resumed client knows of can be in use any more. */
export type MediaReset = "page_reloaded" | "node_lost";
export type ResumeRefusal = "unknown" | "wrong_token" | "wrong_user" | "closing";
export type CleanupResult = "clean" | "retried" | "stuck";
export type CallStep = "call started" | "call rings" | "call accepted" | "call over";
export const CALL_OUTCOMES = ["ended", "declined", "timeout", "cancelled", "busy", "offline", "disconnected"] as const;
/** What an attempt to call somebody came to. */
export type CallOutcome = (typeof CALL_OUTCOMES)[number];
