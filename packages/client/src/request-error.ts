import type { ErrorCode, WireError } from "@lastseen/protocol";
import { fits, type Fields } from "./fields.js";

/** The service's error codes, and two of the client: `disconnected` (no connection) and `timeout` (no answer in time). */
export type RequestErrorCode = ErrorCode | "disconnected" | "timeout";

/** A request was refused or could not be sent. Check {@link RequestError.code}; the message is for people to read. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;
  /** Whether the same request may succeed later; after a client that gave up, when it was started again. */
  readonly retryable: boolean;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: RequestErrorCode,
    message: string,
    details: { retryable?: boolean; data?: Readonly<Record<string, unknown>> | undefined; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? true;
    this.data = details.data;
  }

  /** @internal Keeps codes that this client does not know yet. */
  static fromWire(error: unknown): RequestError {
    if (!fits<WireError>(WIRE_ERROR, error))
      return new RequestError("internal", "The service refused the request without a reason.");
    const { code, message, retryable, data } = error;
    return new RequestError(code, message, { retryable, data });
  }
}

const WIRE_ERROR: Fields<WireError> = {
  code: "string",
  message: "string",
  retryable: "boolean",
  data: "object|undefined",
};

/** Whether the client cannot know if the service has carried the request out. */
export function outcomeUnknown(error: unknown): boolean {
  return wasDisconnected(error) || (error instanceof RequestError && error.code === "timeout");
}

/** Whether there was no connection, or it was lost: the request can be repeated when there is one again. */
export function wasDisconnected(error: unknown): boolean {
  return error instanceof RequestError && (error.code === "disconnected" || hasStopped(error));
}

/** Whether the client has stopped: nothing is repeated. */
export function hasStopped(error: unknown): boolean {
  return error instanceof RequestError && error.data?.["stopped"] !== undefined;
}
