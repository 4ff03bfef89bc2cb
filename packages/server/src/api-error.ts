import type { ErrorCode } from "@lastseen/protocol";

/**
 * Why a call failed. Beside the codes of the service:
 *
 * - `unreachable`: the service cannot be reached, or the connection broke before the answer.
 * - `timeout`: no answer came in time.
 * - `bad_answer`: what answers is not Lastseen, or an answer that this version does not understand.
 * - `incomplete`: nodes did not answer, so a list of everything would lack their part.
 *
 * A newer service may use further codes.
 */
export type ApiErrorCode = ErrorCode | "unreachable" | "timeout" | "bad_answer" | "incomplete" | (string & {});

interface Details {
  /** Undefined when there was no answer. */
  status?: number | undefined;
  retryable: boolean;
  field?: string | undefined;
  mend?: string | undefined;
  data?: Readonly<Record<string, unknown>> | undefined;
  cause?: unknown;
}

/** A call of {@link LastseenApi} that failed. Its message never has a token in it. */
export class LastseenApiError extends Error {
  override readonly name = "LastseenApiError";
  readonly code: ApiErrorCode;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Whether the same call may succeed later without a change. Repeat one that changes something only if it may happen twice. */
  readonly retryable: boolean;
  /** Which part of the request is wrong, such as `query.limit`; undefined when the service did not say. */
  readonly field: string | undefined;
  /** How to mend it, as a sentence; undefined when the service did not say. */
  readonly mend: string | undefined;
  /** Further facts that some codes have. */
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ApiErrorCode, message: string, details: Details) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryable = details.retryable;
    this.field = details.field;
    this.mend = details.mend;
    this.data = details.data;
  }
}

/**
 * Whether the thing that the call named is unknown. A route that is unknown is another matter: the address or the prefix is
 * wrong, or the service is in production without an ADMIN_TOKEN.
 */
function isUnknown(error: unknown): boolean {
  return error instanceof LastseenApiError && error.code === "not_found" && error.field !== "path";
}

/** What the call gives, or `otherwise` when the thing that it named is unknown. */
export async function unlessUnknown<T, U>(call: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await call;
  } catch (error) {
    if (isUnknown(error)) return otherwise;
    throw error;
  }
}
