/** Who is told what of a call, in one place: each change of a call is news for the sessions of its two users. */
import type { CallChange } from "../ports/call-record.js";
import type { CallSnapshot, EventData } from "@lastseen/protocol";
import type { CallEnd, CallRecord } from "../ports/call-store.js";
import type { Session } from "../session/session.js";

/** The sessions that this node has of a user. */
export type SessionsOf = (userId: string) => readonly Session[];

/** @param wall now, epoch milliseconds */
export function announce(news: CallChange, sessionsOf: SessionsOf, wall: number): void {
  const { call } = news;
  const { callId, caller, callee, roomId } = call;
  const callers = sessionsOf(caller.userId).filter(({ id }) => id === caller.sessionId);
  const devices = sessionsOf(callee.userId);
  if (news.change === "ringing") {
    for (const device of devices) device.connection?.sendEvent("incoming_call", incomingCall(call, wall));
    return;
  }
  if (news.change === "accepted") {
    for (const session of [...callers, ...devices]) {
      if (isOneOf(call, session)) session.connection?.sendEvent("call_accepted", { callId, by: callee.userId, roomId });
      else session.connection?.sendEvent("call_cancelled", { callId, reason: "answered_elsewhere" });
    }
    return;
  }
  const { how, by } = news;
  if (call.state === "active") {
    const ended = { callId, reason: endReason(how), durationMs: Math.round(call.ageMs) };
    for (const session of [...callers, ...devices]) {
      if (isOneOf(call, session)) session.connection?.sendEvent("call_ended", ended);
    }
    return;
  }
  const reason = cancelReason(how, by === caller.sessionId);
  for (const session of callers) tellCaller(session, callId, how, by);
  for (const device of devices) {
    if (device.id !== by) device.connection?.sendEvent("call_cancelled", { callId, reason });
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

/** The call as this session sees it; undefined when it goes on on another device of the user. */
export function snapshotFor(session: Session, call: CallRecord, wall: number): CallSnapshot | undefined {
  const { callId, roomId, kind, state, caller, callee, ageMs, remainingMs } = call;
  const isCaller = session.id === caller.sessionId;
  const rings = state === "ringing" && session.userId === callee.userId;
  if (!isCaller && !rings && session.id !== callee.sessionId) return undefined;
  const { userId, name } = isCaller ? callee : caller;
  const seen = { callId, roomId, kind, state, peer: { userId, name } };
  const direction = isCaller ? ("outgoing" as const) : ("incoming" as const);
  if (state === "active") return { ...seen, direction, acceptedAt: Math.round(wall - ageMs) };
  return { ...seen, direction, expiresAt: Math.round(wall + remainingMs), remainingMs: Math.round(remainingMs) };
}

/** Whether the session is one of the two. */
export function isOneOf({ caller, callee }: CallRecord, { id }: Session): boolean {
  return id === caller.sessionId || id === callee.sessionId;
}

function tellCaller(session: Session, callId: string, how: CallEnd, by: string | undefined): void {
  if (by === session.id) return;
  if (how === "timeout") session.connection?.sendEvent("call_timeout", { callId });
  else {
    const reason = how === "declined" ? ("declined" as const) : ("callee_disconnected" as const);
    session.connection?.sendEvent("call_declined", { callId, reason });
  }
}

function cancelReason(how: CallEnd, byCaller: boolean): EventData<"call_cancelled">["reason"] {
  if (how === "timeout") return "timeout";
  if (how === "declined") return "declined_elsewhere";
  return how === "cancelled" || how === "hangup" || !byCaller ? "caller_cancelled" : "caller_disconnected";
}

function endReason(how: CallEnd): EventData<"call_ended">["reason"] {
  return how === "hangup" || how === "kicked" ? how : "disconnected";
}
