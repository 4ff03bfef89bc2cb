/** Refusals of the service: problem details (RFC 9457), or the form of services before them. */
import { ERRORS, type ErrorCode } from "@lastseen/protocol";
import { LastseenApiError } from "./api-error.js";

type Fields = Readonly<Record<string, unknown>>;

/** What a service before problem details says of a route that it does not have. */
const NO_ROUTE = "There is no such route.";

/** @param where the call, such as "GET /api/rooms" */
export function errorOf(where: string, status: number, body: unknown): LastseenApiError {
  const problem = fieldsOf(body);
  const before = fieldsOf(problem["error"]);
  const code = textOf(problem["code"]) ?? textOf(before["code"]);
  const detail = textOf(problem["detail"]) ?? textOf(before["message"]);
  if (code === undefined || detail === undefined) return notLastseen(where, status);
  const { retryable } = problem;
  const field = textOf(problem["field"]) ?? (detail === NO_ROUTE ? "path" : undefined);
  const mend = textOf(problem["mend"]) ?? mendOf(code, field);
  return new LastseenApiError(code, `${where}: ${wordsOf(detail, mend)}`, {
    status,
    retryable: typeof retryable === "boolean" ? retryable : isKnown(code) && ERRORS[code].retryable,
    field,
    mend,
    data: problem["data"] === undefined ? undefined : fieldsOf(problem["data"]),
  });
}

/** The detail may say already how to mend it. */
function wordsOf(detail: string, mend: string | undefined): string {
  return mend === undefined || detail.includes(mend.replace(/\.$/, "")) ? detail : `${detail} ${mend}`;
}

/** An answer that has not the form of Lastseen's: perhaps a proxy's, or another service's. */
export function notLastseen(where: string, status: number, cause?: unknown): LastseenApiError {
  const mend = "Give LastseenApi the address of the service, with its path prefix if it has one.";
  return new LastseenApiError("bad_answer", `${where}: status ${status}, and not an answer of Lastseen. ${mend}`, {
    status,
    // What proxies say when the service behind them does not answer.
    retryable: status === 502 || status === 503 || status === 504,
    mend,
    cause,
  });
}

/** An answer of Lastseen that lacks what this version needs. */
export function badAnswer(where: string, field: string): LastseenApiError {
  const mend = "Use the version of @lastseen/server that the service has.";
  return new LastseenApiError("bad_answer", `${where}: the answer has no right field ${field}. ${mend}`, {
    status: 200,
    retryable: false,
    field,
    mend,
  });
}

/** What the caller can do when the service itself does not say it. */
function mendOf(code: string, field: string | undefined): string | undefined {
  if (code === "unauthorized") return "Give LastseenApi the service's ADMIN_TOKEN as `token`.";
  if (code === "not_found" && field === "path") {
    return "Is the path prefix right? In production the service has these routes only with an ADMIN_TOKEN.";
  }
  return undefined;
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
