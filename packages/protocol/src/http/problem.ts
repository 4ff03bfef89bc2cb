/** How the HTTP API refuses: problem details, RFC 9457. */
import Type, { type Static } from "typebox";
import { ERRORS, type ErrorCode } from "../errors.js";
import { JsonObject } from "../messages/shared.js";
import { EXAMPLES } from "./examples.js";

/** The media type of every refusal. */
export const PROBLEM_TYPE = "application/problem+json";

/** The words of HTTP for the statuses that the service uses (RFC 9110). */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export const Problem = Type.Object(
  {
    type: Type.Literal("about:blank", { description: "`code` tells which problem it is" }),
    title: Type.String({ description: "What HTTP calls the status" }),
    status: Type.Integer(),
    code: Type.Enum(Object.keys(ERRORS) as ErrorCode[]),
    detail: Type.String({ description: "What is wrong, for the person who reads it" }),
    retryable: Type.Boolean({ description: "Whether the same request may succeed later without a change" }),
    field: Type.Optional(
      Type.String({ description: "Which part of the request is wrong: `path`, `query.limit`, `body.seconds`" }),
    ),
    mend: Type.Optional(Type.String({ description: "What to do about it" })),
    data: Type.Optional(JsonObject),
    error: Type.Object(
      { code: Type.String(), message: Type.String() },
      { deprecated: true, description: "`code` and `detail` for clients that do not know problem details" },
    ),
  },
  { examples: [EXAMPLES.Problem] },
);
export type Problem = Static<typeof Problem>;

/** @param more `status`: when it is not the usual one of the code */
export function problemOf(
  code: ErrorCode,
  detail: string,
  more: {
    status?: number | undefined;
    field?: string | undefined;
    mend?: string | undefined;
    data?: Problem["data"];
  } = {},
): Problem {
  const { httpStatus, retryable } = ERRORS[code];
  const { status = httpStatus, field, mend, data } = more;
  return {
    type: "about:blank",
    title: TITLES[status] ?? "Error",
    status,
    code,
    detail,
    retryable,
    ...(field === undefined ? {} : { field }),
    ...(mend === undefined ? {} : { mend }),
    ...(data === undefined ? {} : { data }),
    error: { code, message: detail },
  };
}
