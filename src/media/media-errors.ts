import { errors } from "mediasoup";
import { TimeLimitError } from "../kernel/time-limit.js";
import { cutText, LastseenError } from "@lastseen/protocol";

/** How many characters of a mediasoup message the client gets; the message quotes the client's own parameters. */
const MESSAGE_LENGTH = 200;

export function mediaUnavailable(cause?: unknown): LastseenError {
  return new LastseenError("media_unavailable", "The media service cannot do this right now.", { cause });
}

export function notJoined(): LastseenError {
  return new LastseenError("not_joined", "The session has left the room.");
}

export function notFound(kind: "transport" | "producer" | "consumer"): LastseenError {
  return new LastseenError("not_found", `There is no such ${kind}.`);
}

/**
 * What it means when a worker answers a request with an error:
 * - `bad_message`: the request carries parameters of the client, so they are wrong;
 * - `media_unavailable`: the request carries none, so the client has not caused the error;
 * - `worker_full`: as `media_unavailable`, and the request was to create something, so the worker has no memory or
 *   other resource left.
 */
export type Refusal = "bad_message" | "media_unavailable" | "worker_full";

/** Turns what mediasoup throws into what the client may see. */
export function toMediaError(error: unknown, refusal: Refusal): LastseenError {
  if (error instanceof LastseenError) return error;
  if (isUnanswered(error)) return mediaUnavailable(error);
  // The worker does not know the object any more, because it was closed while the request was on its way.
  if (error instanceof errors.NotFoundError) {
    return new LastseenError("not_found", "This is closed already.", { cause: error });
  }
  if (refusal !== "bad_message") return mediaUnavailable(error);
  const reason = error instanceof Error ? cutText(error.message, MESSAGE_LENGTH) : "refused";
  return new LastseenError("bad_message", `The media parameters do not fit: ${reason}`, { cause: error });
}

/** Whether a worker that knows the object has answered the request with an error. */
export function isRefusal(error: unknown): boolean {
  return !(isUnanswered(error) || error instanceof errors.NotFoundError);
}

function isUnanswered(error: unknown): boolean {
  return error instanceof TimeLimitError || error instanceof errors.WorkerClosedError;
}
