/**
 * Where the calls of the whole service are decided. Each method is one step that happens at once or not at all, so that of
 * two nodes that decide at the same moment one comes first. Whoever is named by a live call is busy; there is no flag
 * that could outlive it.
 *
 *     start --> ringing --accept--> active --finish--> over
 *                  `----finish, or its time is up-------^
 */
import type { CallEnd, CallRecord } from "./call-record.js";

export type { CallEnd, CallRecord };

/** How long an active call is live without one of its nodes saying so. */
export const CALL_HOLD_MS = 120_000;

export interface NewCall extends Pick<CallRecord, "callId" | "roomId" | "kind" | "caller"> {
  readonly callee: Pick<CallRecord["callee"], "userId" | "name">;
}

/** One side of a call. */
export type CallParty = CallRecord["caller"];

export type StartOutcome =
  | { kind: "ringing"; call: CallRecord }
  /** The callee was calling the caller at this moment: that call is the one, and it is answered. */
  | { kind: "accepted"; call: CallRecord }
  | { kind: "caller_busy" }
  | { kind: "callee_busy" };

/** Who may end a call, and in which state. */
export interface EndCondition {
  /** Only in this state; in any without it. */
  readonly state?: CallRecord["state"];
  /** Only if this user is the callee. */
  readonly callee?: string;
  /** Only if this session is one of the two. */
  readonly session?: string;
}

export interface CallGone {
  readonly kind: "gone";
}

/** Outcomes are values; a rejected promise means that the store could not be asked. */
export interface CallStore {
  /**
   * Begins to ring, unless one of the two is in a call already. Calls whose time was up and that stood in the way are
   * removed; `lapsed` are these, and it is the caller's to tell of their end.
   */
  start(call: NewCall, ringMs: number): Promise<StartOutcome & { readonly lapsed: readonly CallRecord[] }>;
  /** Answers a ring; the first one wins. `fresh: false`: this very session had answered before. */
  accept(callId: string, callee: CallParty): Promise<{ kind: "accepted"; call: CallRecord; fresh: boolean } | CallGone>;
  /** Ends a call. Of all who do so one is told `finished`, with the call as it was. */
  finish(callId: string, condition: EndCondition): Promise<{ kind: "finished"; call: CallRecord } | CallGone>;
  /**
   * Active calls live on for another {@link CALL_HOLD_MS}; those that the store has lost without anybody having ended them
   * are put back, unless one of the two is in another call by now. Returns the ids of those that are over.
   */
  hold(calls: readonly CallRecord[]): Promise<readonly string[]>;
  find(callId: string): Promise<CallRecord | undefined>;
  /** The live call that names this user; there is one at the most. */
  ofUser(userId: string): Promise<CallRecord | undefined>;
  /** All calls that ring at this moment. */
  ringing(): Promise<readonly CallRecord[]>;
  close(): Promise<void>;
}

const CALL_ROOM = /^call-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export function callRoomId(callId: string): string {
  return `call-${callId}`;
}

/** The call that a room belongs to; undefined for a room like any other. Only the two of a call may enter its room. */
export function callOfRoom(roomId: string): string | undefined {
  return CALL_ROOM.exec(roomId)?.[1];
}
