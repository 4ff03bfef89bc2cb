/** Which session is told what about a call, and in what form. Only the sessions of the two users are told. */
import type { CallSnapshot, EventData } from "@lastseen/protocol";
import type { CallUpdate } from "../ports/call-record.js";
import type { CallEnd, CallRecord } from "../ports/call-store.js";
import type { Session } from "../session/session.js";

/** The sessions of a user on this node. */
export type SessionsOf = (userId: string) => readonly Session[];

/**
 * Sends an update to the clients on this node.
 *
 * @param wall now, epoch milliseconds
 */
export function notifyClients(update: CallUpdate, sessionsOf: SessionsOf, wall: number): void {
  const { call } = update;
  const callers = sessionsOf(call.caller.userId).filter(({ id }) => id === call.caller.sessionId);
  const devices = call.hidden ? [] : sessionsOf(call.callee.userId);
  if (update.change === "ringing") {
    for (const device of devices) device.connection?.sendEvent("incoming_call", incomingCall(call, wall));
  } else if (update.change === "accepted") {
    notifyAccepted(call, [...callers, ...devices]);
  } else if (call.state === "active") {
    const ended = { callId: call.callId, reason: endReason(update.how), durationMs: Math.round(call.ageMs) };
    for (const session of [...callers, ...devices]) {
      if (isOneOf(call, session)) session.connection?.sendEvent("call_ended", ended);
    }
  } else {
    for (const session of callers) notifyCallerOfEnd(session, update);
    const cancelled = { callId: call.callId, reason: cancelReason(update) };
    for (const device of devices) {
      if (device.id !== update.by) device.connection?.sendEvent("call_cancelled", cancelled);
    }
  }
}

export function incomingCall(call: CallRecord, wall: number): EventData<"incoming_call"> {
  const { callId, roomId, caller, kind, remainingMs } = call;
  const from = { userId: caller.userId, name: caller.name };
  return {
    callId,
    roomId,
    from,
    kind,
    expiresAt: Math.round(wall + remainingMs),
    remainingMs: Math.round(remainingMs),
  };
}

/** The call as this session sees it; undefined when the call is on another device of the user. */
export function snapshotFor(session: Session, call: CallRecord, wall: number): CallSnapshot | undefined {
  const { callId, roomId, kind, state, hidden, caller, callee, ageMs, remainingMs } = call;
  const isCaller = session.id === caller.sessionId;
  const rings = state === "ringing" && !hidden && session.userId === callee.userId;
  if (!isCaller && !rings && session.id !== callee.sessionId) return undefined;
  const { userId, name } = isCaller ? callee : caller;
  const seen = { callId, roomId, kind, state, peer: { userId, name } };
  const direction = isCaller ? ("outgoing" as const) : ("incoming" as const);
  if (state === "active") return { ...seen, direction, acceptedAt: Math.round(wall - ageMs) };
  return { ...seen, direction, expiresAt: Math.round(wall + remainingMs), remainingMs: Math.round(remainingMs) };
}

/** Whether the session is one of the two in the call. */
export function isOneOf({ caller, callee }: CallRecord, { id }: Session): boolean {
  return id === caller.sessionId || id === callee.sessionId;
}

function notifyAccepted(call: CallRecord, sessions: readonly Session[]): void {
  const { callId, roomId, callee } = call;
  for (const session of sessions) {
    if (isOneOf(call, session)) session.connection?.sendEvent("call_accepted", { callId, by: callee.userId, roomId });
    else session.connection?.sendEvent("call_cancelled", { callId, reason: "answered_elsewhere" });
  }
}

type Finished = Extract<CallUpdate, { change: "finished" }>;

/** The end of a ring, for the caller. Who has ended it gets a reply and no event. */
function notifyCallerOfEnd(session: Session, { call: { callId }, how, by }: Finished): void {
  if (by === session.id) return;
  if (how === "timeout") session.connection?.sendEvent("call_timeout", { callId });
  else {
    const reason = how === "declined" ? ("declined" as const) : ("callee_disconnected" as const);
    session.connection?.sendEvent("call_declined", { callId, reason });
  }
}

/** Why a ring has ended, for the callee's devices. */
function cancelReason({ call, how, by }: Finished): EventData<"call_cancelled">["reason"] {
  if (how === "timeout") return "timeout";
  if (how === "declined") return "declined_elsewhere";
  if (how === "cancelled" || how === "hangup") return "caller_cancelled";
  return by === call.caller.sessionId ? "caller_disconnected" : "caller_cancelled";
}

function endReason(how: CallEnd): EventData<"call_ended">["reason"] {
  return how === "hangup" || how === "kicked" ? how : "disconnected";
}
