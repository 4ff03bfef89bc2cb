/**
 * The store that decides about the calls of the whole service. Each method is one step that happens completely or not at
 * all. When two nodes decide at the same moment, one of them is first, and the other one decides about the result. A user
 * is busy if a live call names that user. There is no separate flag that could remain when the call is gone.
 *
 *     start --> ringing --accept--> active --finish--> over
 *                  `----finish, or the time is up-------^
 */
import type { CallEnd, CallRecord } from "./call-record.js";

export type { CallEnd, CallRecord };

/** The lease of an active call: how long it stays live when no node renews it. */
export const CALL_HOLD_MS = 120_000;

/** The time in which a user may be rung so often as {@link CallLimits} says. It begins with the first ring. */
export const RING_WINDOW_MS = 60_000;

export interface CallLimits {
  /** Default: {@link CALL_HOLD_MS}. */
  readonly holdMs?: number;
  /** So often may one user be rung in a window, by all callers together; one caller has a quarter. Default: without a limit. */
  readonly mostRings?: number;
  /** Default: {@link RING_WINDOW_MS}. */
  readonly ringWindowMs?: number;
}

/** So often may one caller ring one user in a window, so that nobody uses up the rings of the others alone. */
export function mostRingsOfPair(mostRings: number): number {
  return Math.ceil(mostRings / 4);
}

export interface NewCall extends Pick<CallRecord, "callId" | "roomId" | "kind" | "caller" | "ringOffline"> {
  readonly callee: Pick<CallRecord["callee"], "userId" | "name">;
}

/** One side of a call. */
export type CallParty = CallRecord["caller"];

export type StartOutcome =
  | { kind: "ringing"; call: CallRecord }
  /** The callee was already calling the caller: the store has answered that call, and `call` is that call. */
  | { kind: "accepted"; call: CallRecord }
  | { kind: "caller_busy" }
  | { kind: "callee_busy" }
  /** The callee was rung too often. `retryAfterMs`: when the callee can be rung again. */
  | { kind: "rung_often"; retryAfterMs: number };

/** When an end is valid: both must hold. */
export interface EndCondition {
  /** The call must be in this state. */
  readonly state: CallRecord["state"] | "any";
  /** Who ends the call. This user must be the callee, or this session must be one of the two in the call. */
  readonly by: "anybody" | { readonly callee: string } | { readonly session: string };
}

export interface CallGone {
  readonly kind: "gone";
}

/** Outcomes are values. A rejected promise means that the store did not answer; it may have done the step or not. */
export interface CallStore {
  /**
   * Starts to ring, unless one of the two users is in a call, or the callee was rung too often. The call is `hidden` when the
   * callee has blocked the caller; such rings are counted for each caller alone. The store removes calls of the two whose time is up, and
   * returns them as `lapsed`; the node that called this method reports their end.
   *
   * @param ringMs how long the call rings if nobody answers
   */
  start(call: NewCall, ringMs: number): Promise<StartOutcome & { readonly lapsed: readonly CallRecord[] }>;
  /** Answers a ring; the first answer wins. `fresh` is `false` when the same session had answered before. */
  accept(callId: string, callee: CallParty): Promise<{ kind: "accepted"; call: CallRecord; fresh: boolean } | CallGone>;
  /** Ends a call. When several nodes try, one of them gets `finished`, with the call as it was. */
  finish(callId: string, condition: EndCondition): Promise<{ kind: "finished"; call: CallRecord } | CallGone>;
  /**
   * Renews the leases of active calls for another {@link CALL_HOLD_MS}, and keeps the names that the records have: a user may
   * have a new one. The store takes a call back that it has lost
   * and that nobody has ended, unless one of the two users is in another call now.
   *
   * @returns the ids of the calls that are over
   */
  hold(calls: readonly CallRecord[]): Promise<readonly string[]>;
  find(callId: string): Promise<CallRecord | undefined>;
  /** The live call that names this user. A user is in one call at most. A hidden call is not one of the callee's. */
  ofUser(userId: string): Promise<CallRecord | undefined>;
  /** All calls that ring now, without the hidden ones. */
  ringing(): Promise<readonly CallRecord[]>;
  close(): Promise<void>;
}

/** Whether the condition holds for a call. */
export function endsCall(
  condition: EndCondition,
  { state, caller, callee, hidden }: Pick<CallRecord, "state" | "caller" | "callee" | "hidden">,
): boolean {
  const { by } = condition;
  if (condition.state !== "any" && condition.state !== state) return false;
  if (by === "anybody") return true;
  return "callee" in by
    ? !hidden && by.callee === callee.userId
    : [caller.sessionId, callee.sessionId].includes(by.session);
}

const CALL_ROOM = /^call-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The room of a call. */
export function callRoomId(callId: string): string {
  return `call-${callId}`;
}

/** The id of the call whose room this is; undefined for a room that belongs to no call. */
export function callOfRoom(roomId: string): string | undefined {
  return CALL_ROOM.exec(roomId)?.[1];
}
