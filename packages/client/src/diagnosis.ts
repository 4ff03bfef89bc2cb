/**
 * Finds out why a WebSocket could not be opened. The browser does not tell a script, so the client asks the service by
 * `fetch`: `GET /health/live` may be read from every origin and says whether the asking origin is let in. When that cannot be
 * read, two requests without CORS tell whether anything answers, by this scheme or by the other one. This file is loaded when
 * it is first needed: most pages never need it.
 */
import type { Environment, Timers } from "./environment.js";
import type { Trouble } from "./trouble.js";

/** For how long a diagnosis is used again, so that a long outage does not double the number of requests. */
const KEEP_MS = 10_000;

/** Makes the requests: not too often, and not for too long. */
export class Asker {
  readonly #fetch: NonNullable<Environment["fetch"]>;
  readonly #timers: Timers;
  #last: { readonly base: string; readonly until: number; readonly trouble: Trouble } | undefined;
  #cancel = () => {};

  constructor(fetch: NonNullable<Environment["fetch"]>, timers: Timers) {
    this.#fetch = fetch;
    this.#timers = timers;
  }

  /** Never rejects. @param patienceMs for all requests together */
  async ask(base: string, patienceMs: number): Promise<Trouble> {
    const timers = this.#timers;
    if (this.#last?.base === base && timers.now() < this.#last.until) return this.#last.trouble;
    const patience = new AbortController();
    const { signal } = patience;
    const timer = timers.set(patienceMs, () => patience.abort());
    this.#cancel = () => {
      timers.clear(timer);
      patience.abort();
    };
    const init = { cache: "no-store", credentials: "omit", signal } as const;
    const trouble = await diagnose(base, (url, mode) => this.#fetch(url, { ...init, mode }));
    timers.clear(timer);
    this.#last = { base, until: timers.now() + KEEP_MS, trouble };
    return trouble;
  }

  cancel(): void {
    this.#cancel();
  }
}

/** Makes one request; rejects when nothing answers, or when the page may not read the answer. */
type Get = (url: string, mode: "cors" | "no-cors") => Promise<Response>;

/** Never rejects. @param base the service's address, `http://` or `https://` */
async function diagnose(base: string, get: Get): Promise<Trouble> {
  // A request to the page's own origin has no Origin header, but a WebSocket has.
  const origin = (globalThis as { location?: Location }).location?.origin ?? "";
  try {
    const reply = await get(`${base}/health/live?origin=${encodeURIComponent(origin)}`, "cors");
    const { service, originAllowed } = await reply.json().then(Object, () => ({}));
    if (service !== "lastseen") return reply.status > 501 && reply.status < 505 ? unreachable(base) : notLastseen(base);
    if (originAllowed === false)
      return { kind: "origin_refused", message: `The service refuses pages of ${origin}: add it to CORS_ORIGIN.` };
    return {
      kind: "refused",
      message: `${base} answers, but not its WebSocket: does a proxy in front of it pass on upgrades to /ws?`,
    };
  } catch {
    const other = base.replace(/^http(s?)/, (_all, s) => (s ? "http" : "https"));
    const [here, there] = await Promise.all(
      [base, other].map((url) =>
        get(url, "no-cors").then(
          () => true,
          () => false,
        ),
      ),
    );
    // A host that sends its visitors from http to https answers both.
    if (there && (!here || base.startsWith("http:")))
      return {
        kind: "tls",
        message: `${other} answers and ${base} does not: change the scheme of url, or mend the certificate.`,
      };
    return here ? notLastseen(base) : unreachable(base);
  }
}

const unreachable = (base: string): Trouble => ({
  kind: "unreachable",
  message: `No service answers at ${base}: does it run, are host and port right, is its certificate trusted?`,
});

const notLastseen = (base: string): Trouble => ({
  kind: "not_lastseen",
  message: `What answers at ${base} is not Lastseen: check host, port and path of url.`,
});
