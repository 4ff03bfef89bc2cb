import { RequestError, type CallOverReason, type DisconnectReason, type StateChange } from "@lastseen/client";
import type { Stopped } from "@lastseen/client/devices";
import type { CallOver } from "@lastseen/react";

/** Why a call could not start. */
export function startError(error: unknown): string {
  if (!(error instanceof RequestError)) return "The call could not start.";
  if (error.code === "callee_offline") return "Nobody with this name is here.";
  if (error.code === "callee_busy") return "They are in another call.";
  return error.message;
}

const OVER: Partial<Record<CallOverReason, string>> = {
  declined: "They declined.",
  timeout: "Nobody answered.",
  hangup: "The call has ended.",
  disconnected: "The call has ended: the connection was lost.",
  answered_elsewhere: "You answered on another device.",
  declined_elsewhere: "You declined on another device.",
  caller_cancelled: "You missed a call.",
  lost: "The call is over.",
};

/** Why the last call is over; empty for calls that this user ended. */
export function overWords(over: CallOver | undefined): string {
  const reason = over?.reason;
  if (reason === undefined || reason === "cancelled") return "";
  if (reason === "declined" && over?.previous?.direction === "incoming") return "";
  return OVER[reason] ?? "The call is over.";
}

/** Why a device could not be opened. */
export function deviceError(error: unknown, what: string): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return `The browser does not allow the ${what}. Allow it beside the address.`;
  if (name === "NotFoundError" || name === "OverconstrainedError") return `There is no ${what}.`;
  if (name === "NotReadableError") return `Another program uses the ${what}.`;
  return error instanceof Error ? error.message : `The ${what} could not be opened.`;
}

/** Why a device that is still there gives nothing any more. */
export function stoppedWords({ permission }: Stopped, what: string): string {
  return permission === "denied" || permission === "prompt"
    ? `The browser does not allow the ${what} any more. Allow it beside the address, and turn it on again.`
    : `The ${what} has stopped. Turn it on again.`;
}

const CAUSES: Partial<Record<NonNullable<StateChange["reason"]>, string>> = {
  server_restart: "The service restarts.",
  overloaded: "The service is busy.",
  rate_limited: "The service is busy.",
  unauthorized: "Your sign-in has expired; the page renews it.",
  token_failed: "Your sign-in could not be renewed.",
  page_cached: "The page was away.",
  redirected: "The room is on another server.",
  expired: "You were away for long; the page joins again.",
};

/** Why the connection is lost. */
export function causeWords(reason: StateChange["reason"]): string {
  return (reason && CAUSES[reason]) ?? "The connection is lost.";
}

const STOPS: Partial<Record<DisconnectReason, [title: string, text: string]>> = {
  client_initiated: ["You have left", "Nobody sees you any more."],
  kicked: ["You were removed", "Somebody who runs this service has ended your session."],
  blocked: ["You are blocked", "Somebody who runs this service does not let you in for now."],
  server_closed: ["The session has ended", "The service has ended your session."],
  unauthorized: ["Please sign in again", "The service does not accept your sign-in."],
  refused: ["You cannot connect", "The service refuses this page."],
  gave_up: ["No connection", "The page has stopped trying."],
};

/** Why the client has stopped: a title and a sentence. */
export function stopWords(reason: StateChange["reason"]): [title: string, text: string] {
  return (
    STOPS[reason as DisconnectReason] ?? ["Something went wrong", "This page and the service do not fit together."]
  );
}
