import type { ErrorCode, WireError } from "@lastseen/protocol";
import { fits, type Fields } from "./fields.js";

/** The service's error codes, and two of the client's own: there was no line, or no answer came in time. */
export type RequestErrorCode = ErrorCode | "disconnected" | "timeout";

/** A request that was refused or could not be carried out. Check {@link RequestError.code}; the message is for people. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;
  /** Whether the same request may succeed later without a change on the caller's side. */
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

  /** @internal A code that this client does not know yet is passed on as it is. */
  static fromWire(error: unknown): RequestError {
    if (!fits<WireError>(WIRE_ERROR, error))
      return new RequestError("internal", "The service refused and did not say why.");
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

/** Whether nobody here knows if the request was carried out. */
export function lostOnTheWay(error: unknown): boolean {
  return withoutLine(error) || (error instanceof RequestError && error.code === "timeout");
}

/** Whether there was no line for it, or none any more: it can be repeated as soon as there is one again. */
export function withoutLine(error: unknown): boolean {
  return error instanceof RequestError && error.code === "disconnected";
}
