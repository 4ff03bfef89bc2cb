import type { ReconnectCause } from "./connection-state.js";

/** What a policy may base its answer on. */
export interface ReconnectContext {
  /** 0 for the first attempt since the line was last good. */
  readonly attempt: number;
  /** Milliseconds since the line was last good, or since the first attempt. */
  readonly elapsedMs: number;
  readonly cause: ReconnectCause;
}

/** Decides when to try again. */
export interface ReconnectPolicy {
  /** Milliseconds to wait before the attempt, or `null` to give up. */
  nextDelayMs(context: ReconnectContext): number | null;
}

/** Attempts that a busy service counts as failed already, so that the first wait is a real one. */
const BUSY_HEADSTART = 3;

/**
 * Exponential back-off with full jitter: each wait is drawn evenly between nothing and the ceiling of its attempt, which
 * spreads a crowd that lost the same service. See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class FullJitterPolicy implements ReconnectPolicy {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #attempts: number;
  readonly #random: () => number;

  /** @param options `attempts`: how many before it gives up; never, if not given. */
  constructor(options: { baseMs?: number; capMs?: number; attempts?: number; random?: () => number } = {}) {
    this.#baseMs = options.baseMs ?? 500;
    this.#capMs = options.capMs ?? 15_000;
    this.#attempts = options.attempts ?? Infinity;
    this.#random = options.random ?? Math.random;
  }

  nextDelayMs({ attempt, cause }: ReconnectContext): number | null {
    if (attempt >= this.#attempts) return null;
    const busy = cause === "overloaded" || cause === "rate_limited";
    const exponent = Math.min(attempt + (busy ? BUSY_HEADSTART : 0), 30);
    return Math.round(this.#random() * Math.min(this.#capMs, this.#baseMs * 2 ** exponent));
  }
}
