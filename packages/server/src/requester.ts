import { setTimeout as sleep } from "node:timers/promises";
import { LastseenApiError } from "./api-error.js";
import { checkToken, type CallOptions, type CheckedOptions } from "./options.js";
import { errorOf, notLastseen } from "./problem.js";
import { retryAfterMs, waitBeforeRetry, type Failure } from "./retry.js";

type Method = "GET" | "PUT" | "POST" | "DELETE";
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Asked extends CallOptions {
  query?: Query;
  body?: object;
}

type Outcome = { readonly kind: "answered"; readonly body: unknown } | ({ readonly kind: "failed" } & Failure);

/** The request never left this machine, or nobody listens at the address. */
const NOT_SENT = new Set(["ECONNREFUSED", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);
/** The connection ended, perhaps after the service had carried the request out. */
const BROKEN = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/** Sends requests, and repeats those that may be repeated. */
export class Requester {
  readonly #options: CheckedOptions;

  constructor(options: CheckedOptions) {
    this.#options = options;
  }

  /**
   * @param path its parts below the address of the service, not yet encoded
   * @returns the body; undefined when the answer has none
   * @throws LastseenApiError; the signal's reason when the caller ended the call
   */
  async ask(method: Method, path: readonly string[], asked: Asked = {}): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      asked.signal?.throwIfAborted();
      const outcome = await this.#attempt(method, path, asked);
      if (outcome.kind === "answered") return outcome.body;
      const waitMs = attempt > this.#options.retries ? undefined : waitBeforeRetry(method, outcome, attempt);
      if (waitMs === undefined) throw outcome.error;
      await sleep(waitMs, undefined, { signal: asked.signal }).catch(() => asked.signal?.throwIfAborted());
    }
  }

  async #attempt(method: Method, path: readonly string[], asked: Asked): Promise<Outcome> {
    const { query = {}, body, signal, timeoutMs = this.#options.timeoutMs } = asked;
    const route = `/${path.map(encodeURIComponent).join("/")}`;
    const where = `${method} ${route}`;
    const token = await this.#options.token();
    checkToken(token);
    const late = AbortSignal.timeout(timeoutMs);
    const own = new AbortController();
    const end = (): void => own.abort();
    // `AbortSignal.any` would leave an entry for each request in a signal that lives as long as the program.
    for (const each of [signal, late]) each?.addEventListener("abort", end);
    if (signal?.aborted) end();
    try {
      const response = await this.#options.fetch(`${this.#options.base}${route}${searchOf(query)}`, {
        method,
        headers: {
          accept: "application/json, application/problem+json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect could carry the token elsewhere.
        redirect: "manual",
        signal: own.signal,
      });
      return await read(where, response);
    } catch (cause) {
      signal?.throwIfAborted();
      return { kind: "failed", ...failureOf(where, cause, late.aborted ? timeoutMs : undefined) };
    } finally {
      for (const each of [signal, late]) each?.removeEventListener("abort", end);
    }
  }
}

async function read(where: string, response: Response): Promise<Outcome> {
  const { status } = response;
  const text = await response.text();
  if (response.ok && text === "") return { kind: "answered", body: undefined };
  const body = parse(text);
  if (response.ok && body !== undefined) return { kind: "answered", body };
  const error = response.ok ? notLastseen(where, status) : errorOf(where, status, body);
  return {
    kind: "failed",
    error,
    // The service says this before it does anything.
    untouched: error.code === "rate_limited",
    retryAfterMs: retryAfterMs(response.headers.get("retry-after"), Date.now()),
  };
}

function failureOf(where: string, cause: unknown, timeoutMs: number | undefined): Failure {
  if (timeoutMs !== undefined) {
    const error = new LastseenApiError("timeout", `${where}: no answer within ${timeoutMs} ms.`, {
      retryable: true,
      cause,
    });
    return { error, untouched: false, retryAfterMs: undefined };
  }
  const code = codeOf(cause);
  const isKnown = NOT_SENT.has(code) || BROKEN.has(code);
  const mend = isKnown ? "Does the service run at this address?" : "Check the address, and its certificate.";
  const error = new LastseenApiError("unreachable", `${where}: the service cannot be reached (${code}). ${mend}`, {
    retryable: isKnown,
    mend,
    cause,
  });
  return { error, untouched: NOT_SENT.has(code), retryAfterMs: undefined };
}

/** `fetch` hides the code in the cause of its error. */
function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
  }
  return "the request failed";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function searchOf(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? "" : `?${search.toString()}`;
}
