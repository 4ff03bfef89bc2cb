/** Seconds, as an HTTP date tells them. */
const RESOLUTION_MS = 1_000;

/**
 * The service's clock, seen from this page, which may be on a machine whose own clock is wrong. Each answer's `Date` says
 * within a second when it was given, and it was given between asking and hearing; what all answers agree on is narrower
 * than any of them.
 */
export class ServerClock {
  readonly #now: () => number;
  /** Bounds of the service's clock minus this one. */
  #from = -Infinity;
  #to = Infinity;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The service's time, epoch ms; this page's own until an answer has come. */
  now(): number {
    return this.#now() + (Number.isFinite(this.#from) ? (this.#from + this.#to) / 2 : 0);
  }

  /** @param askedAt epoch ms on this page's clock; `date` as the answer's header has it */
  heard(date: string | null, askedAt: number): void {
    const told = Date.parse(date ?? "");
    if (Number.isNaN(told)) return;
    const from = told - this.#now();
    const to = told + RESOLUTION_MS - askedAt;
    // One of the two clocks was set in between: what was known before is worth nothing.
    const agrees = from <= this.#to && to >= this.#from;
    this.#from = agrees ? Math.max(from, this.#from) : from;
    this.#to = agrees ? Math.min(to, this.#to) : to;
  }
}
