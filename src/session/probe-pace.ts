/** How often watched sessions are asked for a sign of life, within what one node may spend on asking. */

/**
 * A watched client speaks by itself after so many intervals between two pings of its socket. That is before the service would ping it
 * because of its silence.
 */
const ALIVE_SHARE = 7 / 6;

export interface ProbeIntervals {
  /** Between two WebSocket pings, milliseconds. */
  readonly pingMs: number;
  /** Without a message of the page for so long, the page is probed. Milliseconds. */
  readonly probeMs: number;
  /** Without media for so long, socket and page are asked. Milliseconds. */
  readonly silenceMs: number;
}

/**
 * A session is *watched* while somebody would see that it is away: others in its room, or the other user of a call. Only
 * watched sessions are asked often. When there are so many that the questions of one second would go beyond the budget, all
 * intervals become longer by the same factor.
 */
export class ProbePace {
  readonly #intervals: ProbeIntervals;
  readonly #budgetPerSecond: number;
  #watched = 0;
  /** Computed when the number changes, because every heartbeat of a watched session asks for it. */
  #stretch = 1;

  /** @param budgetPerSecond the most questions per second, of all kinds together */
  constructor(intervals: ProbeIntervals, budgetPerSecond: number) {
    this.#intervals = intervals;
    this.#budgetPerSecond = budgetPerSecond;
  }

  /** How many sessions are watched now. */
  get watched(): number {
    return this.#watched;
  }

  began(): void {
    this.#count(1);
  }

  ended(): void {
    this.#count(-1);
  }

  get pingMs(): number {
    return Math.round(this.#intervals.pingMs * this.#stretch);
  }

  /** Between two signs of life that a watched client gives by itself. */
  get aliveMs(): number {
    return Math.round(this.#intervals.pingMs * ALIVE_SHARE * this.#stretch);
  }

  /** Whether the budget makes the intervals longer. */
  get isStretched(): boolean {
    return this.#stretch > 1;
  }

  get probeMs(): number {
    return Math.round(this.#intervals.probeMs * this.#stretch);
  }

  get silenceMs(): number {
    return Math.round(this.#intervals.silenceMs * this.#stretch);
  }

  /** As if every watched session sent media and its page never spoke by itself: the most that can be needed. */
  #count(change: 1 | -1): void {
    this.#watched += change;
    const { pingMs, probeMs, silenceMs } = this.#intervals;
    const perSecond = this.#watched * (1_000 / (pingMs * ALIVE_SHARE) + 1_000 / probeMs + 1_000 / silenceMs);
    this.#stretch = Math.max(1, perSecond / this.#budgetPerSecond);
  }
}
