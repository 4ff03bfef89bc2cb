import type { ReconnectCause } from "./connection-state.js";

/** What a policy can use to decide. */
export interface ReconnectContext {
  /** 0 for the first attempt since the client was last connected. */
  readonly attempt: number;
  /** Milliseconds since the client was last connected, or since it started. */
  readonly elapsedMs: number;
  readonly cause: ReconnectCause;
}

/** Decides when to try again. */
export interface ReconnectPolicy {
  /** Milliseconds to wait before the attempt, or `null` to give up. */
  nextDelayMs(context: ReconnectContext): number | null;
}

/** How many attempts count as failed already when the service is busy, so that the first wait is long enough. */
const BUSY_HEADSTART = 3;

/**
 * Exponential back-off with full jitter: each wait is random between 0 and the attempt's maximum, so that many clients
 * that lost the same service come back at different moments. See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export class FullJitterPolicy implements ReconnectPolicy {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #attempts: number;
  readonly #random: () => number;

  /** @param options `attempts`: after how many it gives up; by default never */
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
