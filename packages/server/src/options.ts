/** What {@link LastseenApi} is made with. */

/** `fetch`, or a function like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ApiOptions {
  /** The address of the service, with its path prefix if it has one: `https://lastseen.example`. */
  url: string | URL;
  /**
   * The service's `ADMIN_TOKEN`, or a function that gives it. Only a service that is not in production works without one. The
   * function is asked before each attempt, so a token may change.
   */
  token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** How long one attempt may take, milliseconds. Default: 10,000. */
  timeoutMs?: number;
  /** How often a request is repeated when that is safe. Default: 2. `0`: never. */
  retries?: number;
  /** Default: the `fetch` of Node.js. */
  fetch?: Fetch;
}

/** What a single call may say. */
export interface CallOptions {
  /** Ends the call, also while it waits for its next attempt. The call then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** In place of {@link ApiOptions.timeoutMs}. */
  timeoutMs?: number | undefined;
}

/** Options that were checked. */
export interface CheckedOptions {
  /** Without a slash at its end. */
  readonly base: string;
  readonly token: () => string | undefined | Promise<string | undefined>;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly fetch: Fetch;
}

/** @throws TypeError that names the option and does not repeat the token */
export function checkOptions(options: ApiOptions): CheckedOptions {
  const { url, token, timeoutMs = 10_000, retries = 2 } = Object(options) as ApiOptions;
  if (typeof token !== "function") checkToken(token);
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    throw new TypeError("LastseenApi: timeoutMs must be a number of milliseconds above 0.");
  }
  if (!Number.isInteger(retries) || retries < 0) {
    throw new TypeError("LastseenApi: retries must be 0 or a whole number above it.");
  }
  return {
    base: baseOf(url),
    token: typeof token === "function" ? token : () => token,
    timeoutMs,
    retries,
    // Asked for late, so that a program may replace the global one, as tests do.
    fetch: options.fetch ?? ((address, init) => fetch(address, init)),
  };
}

/** @throws TypeError that does not repeat the token */
export function checkToken(token: unknown): void {
  if (token === undefined) return;
  if (typeof token !== "string" || token.trim() !== token || token === "" || /[^\u0021-\u007e]/.test(token)) {
    throw new TypeError(
      "LastseenApi: token must be the ADMIN_TOKEN of the service: ASCII characters without white space around them.",
    );
  }
}

function baseOf(url: string | URL): string {
  const text = String(url);
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  const isRight = parsed && /^https?:$/.test(parsed.protocol) && parsed.username === "" && parsed.password === "";
  if (!isRight) {
    throw new TypeError(
      "LastseenApi: url must be the address of the service, like https://lastseen.example, without a user or password.",
    );
  }
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}
