/** More redirects than this in a row mean that the nodes do not agree about which of them has the room. */
const MAX_REDIRECTS = 3;

/**
 * The address in use: the configured one, or that of the node to which the service has redirected the client. Addresses
 * begin with `http(s)://` or `ws(s)://` and may end with the `/ws` path.
 */
export class Route {
  readonly #configured: string;
  #base: string;
  #redirects = 0;

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

  /** Takes the address of a `redirect` error. @returns `false` after too many; then the configured address applies */
  follow(url: string): boolean {
    if (++this.#redirects > MAX_REDIRECTS) {
      this.reset();
      return false;
    }
    this.#base = baseOf(url);
    return true;
  }

  /** To be called when the redirects have led to the room. */
  resetRedirects(): void {
    this.#redirects = 0;
  }

  /** Goes back to the configured address. */
  reset(): void {
    this.#base = this.#configured;
    this.#redirects = 0;
  }
}

function baseOf(url: string): string {
  return url
    .trim()
    .replace(/^\w+/, (scheme) => scheme.toLowerCase())
    .replace(/[?#].*$/, "")
    .replace(/\/+(ws\/*)?$/, "");
}
