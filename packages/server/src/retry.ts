/** When a request may be repeated, and how long to wait before that. */
import type { LastseenApiError } from "./api-error.js";

/** What became of one attempt that failed. */
export interface Failure {
  readonly error: LastseenApiError;
  /** Whether the service surely has not carried the request out: it never arrived, or was refused as a whole. */
  readonly untouched: boolean;
  /** How long the service wants the client to wait, milliseconds; undefined: it did not say. */
  readonly retryAfterMs: number | undefined;
}

/** Waits 250, 500, 1,000 … ms, each made shorter by up to a half at random. */
const FIRST_MS = 250;
const MOST_MS = 4_000;
/** A caller would not wait longer than this for a service that says when it has time. */
const MOST_RETRY_AFTER_MS = 10_000;

/** Repeating these has the effect of doing them once. A repeated DELETE says `not_found` after a lost success, so it is not one. */
const REPEATABLE = new Set(["GET", "PUT"]);

/**
 * @param attempt number of attempts so far, from 1
 * @returns milliseconds; undefined: the request must not be repeated, or it would not help
 */
export function waitBeforeRetry(method: string, failure: Failure, attempt: number): number | undefined {
  const { error, untouched, retryAfterMs: wantedMs } = failure;
  if (!error.retryable) return undefined;
  if (!untouched && !REPEATABLE.has(method)) return undefined;
  if (wantedMs !== undefined) return wantedMs <= MOST_RETRY_AFTER_MS ? wantedMs : undefined;
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** (attempt - 1));
  return longest * (1 - Math.random() / 2);
}

/** @param value of the header `Retry-After`: seconds, or a date */
export function retryAfterMs(value: string | null, now: number): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
