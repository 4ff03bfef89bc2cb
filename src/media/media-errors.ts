import { TimeLimitError } from "../kernel/time-limit.js";
import { cutText, LastseenError } from "@lastseen/protocol";

/**
 * mediasoup's own errors by their names, because mediasoup before 3.21 exports no classes of them. `InvalidStateError` was the name of
 * `WorkerClosedError`; a worker that does not know an object was an error without a name of its own.
 */
const NOT_FOUND: ReadonlySet<string> = new Set(["NotFoundError"]);
const CLOSED: ReadonlySet<string> = new Set(["WorkerClosedError", "InvalidStateError"]);

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
  if (isNamed(error, NOT_FOUND)) {
    return new LastseenError("not_found", "This is closed already.", { cause: error });
  }
  if (refusal !== "bad_message") return mediaUnavailable(error);
  const reason = error instanceof Error ? cutText(error.message, MESSAGE_LENGTH) : "refused";
  return new LastseenError("bad_message", `The media parameters do not fit: ${reason}`, { cause: error });
}

/** Whether a worker that knows the object has answered the request with an error. */
export function isRefusal(error: unknown): boolean {
  return !(isUnanswered(error) || isNamed(error, NOT_FOUND));
}

function isUnanswered(error: unknown): boolean {
  return error instanceof TimeLimitError || isNamed(error, CLOSED);
}

function isNamed(error: unknown, names: ReadonlySet<string>): boolean {
  return error instanceof Error && names.has(error.name);
}
