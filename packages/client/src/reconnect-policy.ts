import type { ReconnectCause } from "./connection-state.js";

/** What a policy can use to decide. */
export interface ReconnectContext {
  /** 0 for the first attempt since the client was last connected. */
  readonly attempt: number;
  /** Milliseconds since the client lost its connection, or since it started. */
  readonly elapsedMs: number;
  readonly cause: ReconnectCause;
  /** How long the service keeps the session for this client, in ms from the loss. Without it there is no session to lose. */
  readonly resumeGraceMs?: number | undefined;
}

/** Decides when to try again. */
export interface ReconnectPolicy {
  /** Milliseconds to wait before the attempt, or `null` to give up. */
  nextDelayMs(context: ReconnectContext): number | null;
}

/** How many attempts count as failed already when the service is busy, so that the first wait is long enough. */
const BUSY_HEADSTART = 3;
/** While the session can be lost, no wait is longer than this part of the grace: four attempts then fit into it. */
const LONGEST_WAIT = 1 / 5;

/**
 * Exponential back-off with full jitter: each wait is random between 0 and the attempt's maximum, so that many clients
 * that lost the same service come back at different moments. See "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * While the service keeps the session, the waits stay short enough for at least four attempts. One of them always falls
 * shortly before the end of the grace; see {@link lastChance}.
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

  nextDelayMs({ attempt, elapsedMs, cause, resumeGraceMs = 0 }: ReconnectContext): number | null {
    if (attempt >= this.#attempts) return null;
    const busy = cause === "overloaded" || cause === "rate_limited";
    const exponent = Math.min(attempt + (busy ? BUSY_HEADSTART : 0), 30);
    const { fromMs, spanMs, quietMs } = lastChance(resumeGraceMs);
    // An attempt may end a little after the last chance has begun, because it may take until then.
    const isOver = elapsedMs >= fromMs + spanMs / 2;
    const capMs = isOver ? this.#capMs : Math.min(this.#capMs, resumeGraceMs * LONGEST_WAIT);
    const delayMs = this.#random() * Math.min(capMs, this.#baseMs * 2 ** exponent);
    if (isOver || elapsedMs + delayMs <= quietMs) return Math.round(delayMs);
    const soonestMs = Math.max(0, fromMs - elapsedMs);
    return Math.round(soonestMs + this.#random() * (fromMs + spanMs - elapsedMs - soonestMs));
  }
}

/**
 * The part of the grace in which the last attempt begins. It ends so early that the service can still answer: a grace of
 * 20 s has its last chance from 18 to 19 s after the loss. Before that no attempt begins after `quietMs`, because it would
 * have no time to succeed.
 */
export function lastChance(graceMs: number): { fromMs: number; spanMs: number; quietMs: number } {
  const spanMs = Math.min(1_000, graceMs / 10);
  return { fromMs: graceMs - 2 * spanMs, spanMs, quietMs: graceMs - 4 * spanMs };
}
