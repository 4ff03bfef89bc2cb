/**
 * The one table of expected failures. `httpStatus` is used by the HTTP routes, `retryable` tells a client whether the
 * same request may succeed later without a change on its side, `level` is the log level of the service.
 */
export const ERRORS = {
  bad_message: { httpStatus: 400, retryable: false, level: "debug" },
  unauthorized: { httpStatus: 401, retryable: false, level: "info" },
  blocked: { httpStatus: 403, retryable: false, level: "info" },
  forbidden: { httpStatus: 403, retryable: false, level: "info" },
  not_joined: { httpStatus: 409, retryable: false, level: "debug" },
  already_joined: { httpStatus: 409, retryable: false, level: "debug" },
  duplicate_session: { httpStatus: 409, retryable: false, level: "info" },
  room_full: { httpStatus: 409, retryable: true, level: "info" },
  session_gone: { httpStatus: 410, retryable: false, level: "debug" },
  fenced: { httpStatus: 409, retryable: false, level: "info" },
  not_found: { httpStatus: 404, retryable: false, level: "debug" },
  rate_limited: { httpStatus: 429, retryable: true, level: "debug" },
  media_unavailable: { httpStatus: 503, retryable: true, level: "warn" },
  redirect: { httpStatus: 421, retryable: false, level: "debug" },
  overloaded: { httpStatus: 503, retryable: true, level: "warn" },
  internal: { httpStatus: 500, retryable: true, level: "error" },
  callee_busy: { httpStatus: 409, retryable: true, level: "debug" },
  callee_offline: { httpStatus: 409, retryable: true, level: "debug" },
  caller_busy: { httpStatus: 409, retryable: false, level: "debug" },
  call_gone: { httpStatus: 410, retryable: false, level: "debug" },
} as const satisfies Record<
  string,
  { httpStatus: number; retryable: boolean; level: "debug" | "info" | "warn" | "error" }
>;

export type ErrorCode = keyof typeof ERRORS;

/** The error as it stands in a reply, an `error` event or an HTTP body. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * An expected failure with a stable code. Its message is written for the person who reads it on the other side of the
 * wire: it never holds another user's data, a token or a path.
 */
export class LastseenError extends Error {
  override readonly name = "LastseenError";
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; data?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  toWire(): WireError {
    const wire = { code: this.code, message: this.message, retryable: this.retryable };
    return this.data === undefined ? wire : { ...wire, data: this.data };
  }
}

/** Any thrown value as an error for the wire; what is not a {@link LastseenError} becomes `internal` and tells nothing. */
export function toWireError(error: unknown): WireError {
  if (error instanceof LastseenError) return error.toWire();
  return new LastseenError("internal", "The service could not carry this out.").toWire();
}
