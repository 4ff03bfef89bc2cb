import { LastseenError, type RequestType } from "@lastseen/protocol";
import type { Session } from "../../session/session.js";

/** A client may always stop something, however much it was sent before. */
const ALWAYS_ALLOWED: ReadonlySet<RequestType> = new Set<RequestType>([
  "leave",
  "beforeDisconnect",
  "declineCall",
  "cancelCall",
  "endCall",
  "pauseProducer",
  "closeProducer",
  "pauseConsumer",
  "closeConsumer",
]);

/**
 * @param now monotonic milliseconds
 * @throws LastseenError `rate_limited` when the session has used up what it may cause the service to send
 */
export function assertReplies(session: Session, now: number, type?: RequestType): void {
  if (type !== undefined && ALWAYS_ALLOWED.has(type)) return;
  if (!session.replies.hasSome(now)) {
    throw new LastseenError("rate_limited", "The answers to this session are more than 1 MB a second; slow down.");
  }
}
