import type { Clock } from "../kernel/clock.js";
import type { BackendBatch, BackendEvent, BackendMessage } from "@lastseen/protocol";
import { batchIdOf, signer } from "./signature.js";

/** Statuses that do not mean this event: the backend only cannot take it now. */
const NOT_NOW = new Set([408, 425, 429]);

export type Attempt =
  | { kind: "delivered" }
  /** The backend can take no event now. `retryAfterMs`: it said for how long. */
  | { kind: "failed"; why: string; retryAfterMs?: number }
  /** The backend refuses these events, or one of them. */
  | { kind: "refused"; why: string };

/** Makes one attempt to deliver these events, at least one, in one request; never rejects. */
export type Send = (events: readonly BackendEvent[], signal: AbortSignal) => Promise<Attempt>;

/**
 * @param options.secrets each one signs every request
 * @param options.batches whether the backend expects batches. If not, each request has one event
 * @param options.limitMs how long the backend may take to answer
 */
export function httpSender(options: {
  url: string;
  secrets: readonly string[];
  batches: boolean;
  limitMs: number;
  clock: Clock;
}): Send {
  const { url, secrets, batches, limitMs, clock } = options;
  const sign = signer(secrets);
  return async (events, signal) => {
    const { id, message } = batches ? batchOf(events, clock.wall()) : messageOf(events);
    const body = JSON.stringify(message);
    const seconds = Math.floor(clock.wall() / 1000);
    const own = new AbortController();
    const end = (): void => own.abort();
    let isLate = false;
    const timer = clock.after(limitMs, () => {
      isLate = true;
      end();
    });
    // `AbortSignal.any` would leave an entry for each request in the signal of all requests, for ever.
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...sign({ id, seconds, body }) },
        body,
        redirect: "manual",
        signal: own.signal,
      });
      await response.body?.cancel();
      return judge(response, clock.wall());
    } catch (error) {
      return { kind: "failed", why: isLate ? `no answer within ${limitMs} ms` : codeOf(error) };
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", end);
    }
  };
}

function messageOf([event]: readonly BackendEvent[]): { id: string; message: BackendMessage } {
  if (!event) throw new Error("a request needs an event");
  return { id: event.id, message: { type: event.type, timestamp: new Date(event.at).toISOString(), data: event } };
}

function batchOf(events: readonly BackendEvent[], now: number): { id: string; message: BackendBatch } {
  const timestamp = new Date(now).toISOString();
  return {
    id: batchIdOf(events.map(({ id }) => id)),
    message: { type: "batch", timestamp, data: { events: [...events] } },
  };
}

function judge({ ok, status, headers }: Response, now: number): Attempt {
  if (ok) return { kind: "delivered" };
  const why = `HTTP ${status}`;
  if (status < 500 && !NOT_NOW.has(status)) return { kind: "refused", why };
  const retryAfterMs = readRetryAfter(headers.get("retry-after"), now);
  return { kind: "failed", why, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Only the error code: the message may contain the address, and the address may contain a token. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const code = Object(cause).code as unknown;
  return typeof code === "string" ? code : "connection failed";
}
