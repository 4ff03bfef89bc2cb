import { LastseenError, type ErrorCode } from "@lastseen/protocol";

/** A refusal that says which part of the request is wrong, or what to do about it. */
export class HttpRefusal extends LastseenError {
  /** `path`, `query.limit`, `body.seconds`, `header.host`. */
  readonly field: string | undefined;
  /** A sentence for the person who reads it. */
  readonly mend: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { field?: string | undefined; mend?: string | undefined; cause?: unknown } = {},
  ) {
    super(code, message, options.cause === undefined ? {} : { cause: options.cause });
    this.field = options.field;
    this.mend = options.mend;
  }
}

/** What an unknown route is answered with, and every route of operators in a production service without ADMIN_TOKEN. */
export const NO_ROUTE = "There is no such route.";
