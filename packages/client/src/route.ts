/**
 * The wait before each redirect, ms. When so many have not led to the room, an address that the nodes give is wrong. The client
 * waits because a node may have died: the others take its rooms over within 12 s.
 */
const WAITS_MS = [0, 0, 0, 1e3, 2e3, 4e3, 8e3];
/** After this time one of them is forgotten, ms: the address may have become right, or its node may be dead. */
const FORGET_MS = 3e4;

/**
 * The address in use: the configured one, or that of the node to which the service has redirected the client. Addresses
 * begin with `http(s)://` or `ws(s)://` and may end with the `/ws` path.
 */
export class Route {
  readonly #configured: string;
  #base: string;
  /** A failed attempt, a new session or a new connection on the way to a room takes none away. */
  #redirects = 0;
  /** When one of them was last forgotten, or the first of them came, ms. */
  #since = 0;

  constructor(url: string) {
    this.#configured = this.#base = baseOf(url);
  }

  get socketUrl(): string {
    return `${this.#base.replace(/^http/, "ws")}/ws`;
  }

  /** The address by http, without a slash at its end. */
  get httpUrl(): string {
    return this.#base.replace(/^ws/, "http");
  }

  get goodbyeUrl(): string {
    return `${this.httpUrl}/api/sessions/leave`;
  }

  /**
   * Takes the address of a `redirect` error.
   *
   * @returns how long to wait before the client goes there, ms; undefined after too many: the configured address applies
   */
  follow(url: string, now: number): number | undefined {
    const forgotten = Math.floor((now - this.#since) / FORGET_MS);
    // Less than 0 when the clock was set back: then none is forgotten.
    if (forgotten) {
      this.#since = now;
      this.#redirects = Math.max(this.#redirects - Math.max(forgotten, 0), 0);
    }
    const waitMs = WAITS_MS[this.#redirects];
    if (waitMs !== undefined) this.#redirects++;
    this.#base = waitMs === undefined ? this.#configured : baseOf(url);
    return waitMs;
  }

  /** Whether there were too many redirects. */
  get isLost(): boolean {
    return this.#redirects >= WAITS_MS.length;
  }

  /** To be called when the client is in the room that it wants, or has a session and wants no room. */
  arrived(): void {
    this.#redirects = 0;
  }

  /** Goes back to the configured address. */
  reset(): void {
    this.#base = this.#configured;
  }
}

function baseOf(url: string): string {
  return url
    .trim()
    .replace(/^\w+/, (scheme) => scheme.toLowerCase())
    .replace(/[?#].*$/, "")
    .replace(/\/+(ws\/*)?$/, "");
}
