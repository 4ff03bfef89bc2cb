/** The service's HTTP API, as the operator page uses it. */
import type { ServerClock } from "./server-clock.js";
import { fieldsOf, text } from "./read.js";

const ANSWER_TIMEOUT_MS = 10_000;

/** The service answered with an error. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export class Api {
  readonly #base: URL;
  readonly #clock: ServerClock;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param token undefined where the service wants none */
  constructor(base: URL, clock: ServerClock, token: string | undefined) {
    this.#base = base;
    this.#clock = clock;
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /**
   * @param path its parts, not yet encoded
   * @throws Refused when the service answers with an error; TypeError or DOMException when it does not answer
   */
  get(path: readonly string[], query: Query = {}, timeoutMs = ANSWER_TIMEOUT_MS): Promise<unknown> {
    return this.#ask("GET", path, { query, timeoutMs });
  }

  /** @throws see {@link get} */
  post(path: readonly string[]): Promise<unknown> {
    return this.#ask("POST", path);
  }

  /** @throws see {@link get} */
  put(path: readonly string[], body: object): Promise<unknown> {
    return this.#ask("PUT", path, { body });
  }

  /** @throws see {@link get} */
  delete(path: readonly string[], query: Query = {}): Promise<unknown> {
    return this.#ask("DELETE", path, { query });
  }

  async #ask(
    method: string,
    path: readonly string[],
    { query = {}, body, timeoutMs = ANSWER_TIMEOUT_MS }: { query?: Query; body?: object; timeoutMs?: number } = {},
  ): Promise<unknown> {
    const url = new URL(path.map(encodeURIComponent).join("/"), this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
    }
    const askedAt = Date.now();
    const response = await fetch(url, {
      method,
      headers: body ? { ...this.#headers, "content-type": "application/json" } : this.#headers,
      ...(body && { body: JSON.stringify(body) }),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(timeoutMs),
    });
    this.#clock.heard(response.headers.get("date"), askedAt);
    if (response.status === 204) return undefined;
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const message = text(fieldsOf(answer), "detail") || text(fieldsOf(fieldsOf(answer)["error"]), "message");
    throw new Refused(response.status, message || `The service answered ${response.status}.`);
  }
}
