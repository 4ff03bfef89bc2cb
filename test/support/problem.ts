import { expect } from "vitest";
import { ERRORS, type ErrorCode } from "@lastseen/protocol";

/** The body of a refusal with problem details: what it must be, and nothing else. */
export function problem(code: ErrorCode, status: number, more: { detail?: unknown; [field: string]: unknown } = {}) {
  const { detail = expect.any(String) as unknown } = more;
  return {
    type: "about:blank",
    title: expect.stringMatching(/^[A-Z]/) as unknown,
    status,
    code,
    detail,
    retryable: ERRORS[code].retryable,
    error: { code, message: detail },
    ...more,
  };
}
