import { errors } from "mediasoup";
import { TimeLimitError } from "../kernel/time-limit.js";
import { LastseenError } from "@lastseen/protocol";

/** Longest part of a mediasoup message that is passed on; it quotes the client's own parameters. */
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
 * What it means when the worker answers but says no: `bad_message` where the request carries parameters of the client,
 * `media_unavailable` where it carries none, so that the client cannot have caused it, and `worker_full` where besides
 * something new was wanted of the worker, which has no memory or the like left for it.
 */
export type Refusal = "bad_message" | "media_unavailable" | "worker_full";

/** What mediasoup throws, as the client may see it. */
export function toMediaError(error: unknown, refusal: Refusal): LastseenError {
  if (error instanceof LastseenError) return error;
  if (isUnanswered(error)) return mediaUnavailable(error);
  // The worker does not know the object any more: it was closed while the request was on its way.
  if (error instanceof errors.NotFoundError) {
    return new LastseenError("not_found", "This is closed already.", { cause: error });
  }
  if (refusal !== "bad_message") return mediaUnavailable(error);
  const reason = error instanceof Error ? error.message.slice(0, MESSAGE_LENGTH) : "refused";
  return new LastseenError("bad_message", `The media parameters do not fit: ${reason}`, { cause: error });
}

/** Whether a worker that knows the place has answered that it cannot do what was asked for. */
export function isRefusal(error: unknown): boolean {
  return !(isUnanswered(error) || error instanceof errors.NotFoundError);
}

function isUnanswered(error: unknown): boolean {
  return error instanceof TimeLimitError || error instanceof errors.WorkerClosedError;
}
