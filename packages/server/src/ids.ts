/** Ids that a caller passes. They become parts of a path, so they are checked before a request is made. */
import { checkRoomId, checkUserId } from "@lastseen/protocol";
import { LastseenApiError } from "./api-error.js";

/** @throws LastseenApiError `bad_message` */
export function roomIdOf(roomId: string): string {
  return checked("roomId", roomId, checkRoomId(roomId));
}

/** @throws LastseenApiError `bad_message` */
export function userIdOf(userId: string, field = "userId"): string {
  return checked(field, userId, checkUserId(userId));
}

/** @throws LastseenApiError `bad_message` */
export function sessionIdOf(sessionId: string): string {
  // The service makes these ids, but what comes here may be anything. `..` would lead to another route.
  return checked("sessionId", sessionId, checkUserId(sessionId));
}

function checked(field: string, id: string, problem: string | undefined): string {
  if (problem === undefined) return id;
  throw new LastseenApiError("bad_message", `${field} ${problem}`, { retryable: false, field });
}
