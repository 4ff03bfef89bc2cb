/** An HTTP date tells full seconds. */
const RESOLUTION_MS = 1_000;

/**
 * The service's clock, estimated by this page, whose own clock may be wrong. Each answer carries the service's time in its
 * `Date` header, exact to a second, and the service gave it between this page's question and the answer's arrival. So each
 * answer bounds the difference of the two clocks from both sides; all answers together bound it more closely.
 */
export class ServerClock {
  readonly #now: () => number;
  /** Bounds of the service's clock minus this page's, milliseconds. */
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
    // Somebody has set one of the two clocks since the last answer: the earlier bounds are wrong.
    const agrees = from <= this.#to && to >= this.#from;
    this.#from = agrees ? Math.max(from, this.#from) : from;
    this.#to = agrees ? Math.min(to, this.#to) : to;
  }
}
