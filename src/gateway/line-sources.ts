/**
 * Tells a client that was killed from a proxy that died: both end their TCP connections without a close frame, in order or, when
 * something was unread, by a reset.
 */

/** When so many connections of one address, */
const LEAST = 10;
/** and more than half of them, */
const SHARE = 0.5;
/** end within this time, milliseconds, the address is a proxy's. */
const WINDOW_MS = 2_000;

interface End {
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly wasProxy: (() => void) | undefined;
}

/** The connections that come from one address: those of one client, or those of all clients behind one proxy. */
export class LineSource {
  readonly address: string;
  open = 0;
  /** In the order in which they came. Those before `#first` are too old to count, and are removed when they are the half. */
  readonly #ends: End[] = [];
  #first = 0;
  /** Those before this have been told that the address is a proxy's. */
  #untold = 0;

  constructor(address: string) {
    this.address = address;
  }

  /** How many ends are remembered. */
  get size(): number {
    return this.#ends.length;
  }

  /**
   * A connection has ended without a close frame. It is no longer counted in `open`.
   *
   * @param now monotonic milliseconds
   * @param wasProxy called when it turns out, now or with a later end, that a proxy has died
   */
  endedAbruptly(now: number, wasProxy?: () => void): void {
    this.#forgetBefore(now - WINDOW_MS);
    this.#ends.push({ at: now, wasProxy });
    const ended = this.#ends.length - this.#first;
    if (ended < LEAST || ended <= (this.open + ended) * SHARE) return;
    for (const end of this.#ends.slice(Math.max(this.#first, this.#untold))) end.wasProxy?.();
    this.#untold = this.#ends.length;
  }

  #forgetBefore(at: number): void {
    while ((this.#ends[this.#first]?.at ?? Infinity) < at) this.#first += 1;
    // Removing each single end would move all later ones every time.
    if (this.#first <= this.#ends.length / 2) return;
    this.#ends.splice(0, this.#first);
    this.#untold = Math.max(0, this.#untold - this.#first);
    this.#first = 0;
  }
}

/** The addresses of all open connections. */
export class LineSources {
  readonly #sources = new Map<string, LineSource>();

  enter(address: string): LineSource {
    let source = this.#sources.get(address);
    if (!source) this.#sources.set(address, (source = new LineSource(address)));
    source.open += 1;
    return source;
  }

  leave(source: LineSource): void {
    source.open -= 1;
    if (source.open === 0) this.#sources.delete(source.address);
  }
}
