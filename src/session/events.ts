import type { GhostCause, GivenUp, LeaveReason } from "@lastseen/protocol";
import type { BlockRecord, BlockTarget } from "../ports/block-list.js";
import type { CallEnd, CallRecord } from "../ports/call-record.js";
import type { Actor } from "./actor.js";
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
  adopted: {
    session: Session;
    fromNodeId: string;
    /** Whether the directory has the session as it is here. */
    isWritten: boolean;
  };
  /** This node has got people of a room from another node, and none of them can be in the room here. They go on without it. */
  room_lost: { roomId: string; epoch: number };
  /** This node was cut off. Other nodes may have held the session and ended it; this node holds it again, under a new epoch. */
  held_again: { session: Session };
  /**
   * The session has another name now. `by`: the session that brought the name, perhaps this one; undefined when another node
   * told the name.
   */
  renamed: { session: Session; by: Session | undefined };
  resume_refused: { sessionId: string; userId: string; why: ResumeRefusal };
  joined: { session: Session; roomId: string };
  /** A session that was audience is a participant of its room now, because it sends media or the room has become smaller. */
  listed: { session: Session; roomId: string };
  /** The session moved to another tab of its user, under a new epoch. */
  transferred: { session: Session; fromTabId: string };
  transfer_refused: { session: Session; why: "rate_limited" };
  away: { session: Session; cause: GhostCause; sinceLastSignMs: number };
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
    /** Who asked for it, when an operator did. */
    by?: Actor | undefined;
  };
  /** A write to the directory failed. The directory is only an index, so no session is lost. */
  directory_failed: { session: Session; error: unknown };
  /** A write to the directory succeeded after so many failures. */
  directory_recovered: { failures: number };
  /** Another node owns the session now. Nothing has happened on this node yet. */
  held_elsewhere: { session: Session; why: GivenUp; by?: Actor | undefined };
  /** The store was asked to give the session to another node, and has not answered. Nobody knows which node holds the session. */
  perhaps_elsewhere: { session: Session };
  /** This node gives the session up and ends it right after this. Only the listener of `held_elsewhere` emits it. */
  given_up: { session: Session; why: GivenUp; by?: Actor | undefined };
  ended: {
    session: Session;
    reason: LeaveReason;
    cause: GhostCause | undefined;
    /** Set when the session goes on on another node and ends only here. */
    givenUp?: GivenUp | undefined;
    /** Who asked for it, when an operator did. */
    by?: Actor | undefined;
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
  /** An operator asked this node to block a user. Nothing has ended yet. */
  user_blocked: { block: BlockRecord };
  user_unblocked: BlockTarget & { by: Actor };
  /** This node has learned of a block, by whatever way. */
  block_found: { block: BlockRecord };
  /** A block ends the session, or its stay in the room. This comes before the end. */
  session_blocked: { session: Session; block: BlockRecord };
  /** The list of blocks could not be read. The node goes on with what it knows. */
  block_list_failed: { error: unknown };
  /** The list of blocks was read again, after so many failures. */
  block_list_recovered: { failures: number };
  /** A call has changed that this session is in, or that rings at it. */
  call_step: CallStep;
  /**
   * A call rings, and no device of the callee can be reached: none could when the call began, or the last one has gone meanwhile. Only
   * for calls that ring offline. Each node emits it once for a call.
   */
  call_ringing: {
    call: CallRecord;
    /** When the ring ends by itself, epoch milliseconds. */
    expiresAt: number;
  };
  /** A call did not begin, because the other user is busy or not connected. */
  call_refused: { session: Session; to: string; outcome: "busy" | "offline" };
  /** A call is over. One node of the service emits this once for each call: the node that has ended it. */
  call_finished: { callId: string; outcome: CallOutcome };
  /** The statuses of these users may have changed. */
  call_changed: { userIds: readonly string[] };
  /** A call that this node knows of has rung for its full time. */
  call_rang_out: { callId: string };
  /** The store of the calls did not answer. The service tells it later what it has missed. */
  call_store_failed: { operation: string; error: unknown };
  /** The store of the calls answers again, after so many failures. */
  call_store_recovered: { failures: number };
}

export type ResumeRefusal = "unknown" | "wrong_token" | "wrong_user" | "closing";
export const CLEANUP_RESULTS = ["clean", "retried", "unseen", "stuck"] as const;
/**
 * How a cleanup went. `clean`: nothing is left. `retried`: the same, after more than one attempt. `unseen`: all is done, but the media
 * plane does not see the workers, so nobody knows what is left there. `stuck`: something is left.
 */
export type CleanupResult = (typeof CLEANUP_RESULTS)[number];

/** One step of a call, as one of its sessions sees it. */
export type CallStep = CallStepLive | CallStepOver;

interface CallStepOf {
  readonly session: Session;
  readonly callId: string;
  /** The other user. */
  readonly peer: string;
}

/** The caller's session sees `call started` where each of the callee's sessions sees `call rings`. */
export interface CallStepLive extends CallStepOf {
  readonly step: "call started" | "call rings" | "call accepted";
  readonly kind: CallRecord["kind"];
  /** The callee has blocked the caller: only the caller's session sees the call. */
  readonly hidden: boolean;
}

export interface CallStepOver extends CallStepOf {
  readonly step: "call over";
  readonly reason: CallEnd;
  /** Whether nobody had answered the call. */
  readonly wasRinging: boolean;
}

export const CALL_OUTCOMES = ["ended", "declined", "timeout", "cancelled", "busy", "offline", "disconnected"] as const;
/** How an attempt to call a user has ended. */
export type CallOutcome = (typeof CALL_OUTCOMES)[number];
