/** More than this in a row, and the nodes do not agree about who has the room. */
const MOST_REDIRECTS = 3;

/**
 * Where the service is at the moment: at the address that the client was given, or at the node to which it was sent from
 * there. Addresses begin with `http(s)://` or `ws(s)://` and may end with the `/ws` path.
 */
export class Route {
  readonly #home: string;
  #base: string;
  #redirects = 0;

  constructor(url: string) {
    this.#home = this.#base = baseOf(url);
  }

  get socketUrl(): string {
    return `${this.#base.replace(/^http/, "ws")}/ws`;
  }

  get goodbyeUrl(): string {
    return `${this.#base.replace(/^ws/, "http")}/api/sessions/leave`;
  }

  /** Goes where a `redirect` error points to; `false` when that was done too often, and the way leads home again. */
  follow(url: string): boolean {
    if (++this.#redirects > MOST_REDIRECTS) {
      this.home();
      return false;
    }
    this.#base = baseOf(url);
    return true;
  }

  /** What was looked for is here. */
  arrived(): void {
    this.#redirects = 0;
  }

  home(): void {
    this.#base = this.#home;
    this.#redirects = 0;
  }
}

function baseOf(url: string): string {
  return url.replace(/[?#].*$/, "").replace(/\/+(ws\/*)?$/, "");
}
