/** What the telephone says. */
import type { CallChange, CallSnapshot, RequestErrorCode } from "@lastseen/client";
import { isolated } from "./names.js";

/** Why a call is over, for the user of this page. */
export function overText({ previous, reason }: CallChange): string {
  const who = previous ? isolated(previous.peer.name) : "The other side";
  switch (reason) {
    case "declined":
      return previous?.direction === "outgoing" ? `${who} declined.` : "Declined.";
    case "timeout":
      return previous?.direction === "outgoing" ? `${who} did not answer.` : `You missed a call from ${who}.`;
    case "caller_cancelled":
    case "caller_disconnected":
      return `You missed a call from ${who}.`;
    case "callee_disconnected":
      return `${who} is not there any more.`;
    case "answered_elsewhere":
      return "Answered on another device.";
    case "declined_elsewhere":
      return "Declined on another device.";
    case "cancelled":
      return "Call cancelled.";
    case "hangup":
      return "Call ended.";
    case "disconnected":
      return `${who} lost the connection.`;
    case "kicked":
      return "The call was ended by an operator.";
    default:
      return "The call is over.";
  }
}

/** Whether somebody called this user and got no answer. */
export function isMissed({ previous, reason }: CallChange): boolean {
  const missed = reason === "timeout" || reason === "caller_cancelled" || reason === "caller_disconnected";
  return previous?.direction === "incoming" && missed;
}

export function refusedText(code: RequestErrorCode, callee: string): string {
  const to = isolated(callee);
  switch (code) {
    case "callee_busy":
      return `${to} is in another call.`;
    case "callee_offline":
      return `${to} is not there.`;
    case "caller_busy":
      return "You are in a call already, maybe on another device.";
    case "rate_limited":
      return "Too many calls; wait a moment.";
    case "bad_message":
      return "This is not somebody you can call.";
    case "call_gone":
      return "The call is over.";
    case "disconnected":
      return "There is no connection to the service.";
    default:
      return "The call could not be made.";
  }
}

export function stateText({ state, direction, kind }: CallSnapshot): string {
  if (state === "active") return "In a call";
  if (direction === "outgoing") return "Ringing…";
  return kind === "video" ? "Video call" : "Call";
}
