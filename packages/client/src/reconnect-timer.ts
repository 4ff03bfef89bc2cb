/** Decides when to connect again after the connection was lost: by the policy, unless the service asks for a delay. */
import type { ReconnectCause } from "./connection-state.js";
import type { Timers } from "./environment.js";
import { lastChance, type ReconnectPolicy } from "./reconnect-policy.js";
import type { Trouble } from "./trouble.js";

/** The next attempt, as it is announced: `kind` and `message` say what was wrong with the one before it. */
export interface Retry extends Trouble {
  /** 0 for the first since the client was last connected. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly cause: ReconnectCause;
}

/** The connection broke, and the service has not asked to wait. */
const BROKE: ReadonlySet<ReconnectCause> = new Set<ReconnectCause>(["socket_closed", "pong_timeout"]);
/**
 * An attempt may take four times as long as the last one that succeeded: at least the first part of the grace, at most the
 * second. Each attempt may take longer than the one before it, because the network may have become slow.
 */
const ATTEMPT_SHARE = 1 / 5;
const GROWTH = 1.5;
const LONGEST_SHARE = 1 / 2;
const LEAST_ATTEMPT_MS = 1_000;

export class ReconnectTimer {
  readonly #timers: Timers;
  readonly #policy: ReconnectPolicy;
  readonly #go: () => void;
  #attempt = 0;
  /** When the connection was lost, or the client started; undefined while it is connected. */
  #downSince: number | undefined;
  #graceMs: number | undefined;
  #nextDelayMs: number | undefined;
  #timer: unknown;
  /** Identifies the scheduled attempt; a callback that finds another one here does nothing. */
  #next: object | undefined;

  /** @param go makes an attempt */
  constructor(timers: Timers, policy: ReconnectPolicy, go: () => void) {
    this.#timers = timers;
    this.#policy = policy;
    this.#go = go;
  }

  /** To be called when the client starts: attempts are counted from zero. */
  start(): void {
    this.connected(undefined);
    this.#downSince = this.#timers.now();
  }

  /** To be called when the client has connected. @param graceMs how long the service keeps the session after a loss */
  connected(graceMs: number | undefined): void {
    this.cancel();
    this.#attempt = 0;
    this.#downSince = undefined;
    this.#graceMs = graceMs;
  }

  /** Sets the delay of the next attempt, and of that one only, in place of the policy's. @param delayMs undefined: the policy's */
  setNextDelay(delayMs: number | undefined): void {
    this.#nextDelayMs = delayMs;
  }

  /**
   * @param throttled whether the browser may run the page's timers only once a minute, which is longer than a session waits
   *   for its client; then the first attempt after the connection broke uses no timer
   * @returns the attempt that is now scheduled; `undefined` when the policy gives up
   */
  schedule(cause: ReconnectCause, throttled: boolean): Omit<Retry, keyof Trouble> | undefined {
    const attempt = this.#attempt++;
    const elapsedMs = this.#elapsedMs();
    const givenMs = this.#nextDelayMs;
    this.#nextDelayMs = undefined;
    const context = { attempt, elapsedMs, cause, resumeGraceMs: this.#graceMs };
    const plannedMs = givenMs ?? this.#policy.nextDelayMs(context);
    if (plannedMs === null) return undefined;
    const atOnce = throttled && attempt === 0 && givenMs === undefined && BROKE.has(cause);
    const delayMs = atOnce ? 0 : plannedMs;
    this.#wait(delayMs);
    return { attempt, delayMs, cause };
  }

  /**
   * How long an attempt that begins now may take until its socket is open, or until it is known why not: while the service
   * keeps the session, an attempt that hangs must leave time for the next ones. Infinity when there is no session to lose.
   *
   * @param usualMs how long the last successful one took
   */
  attemptLimitMs(usualMs: number): number {
    const graceMs = this.#graceMs ?? 0;
    const elapsedMs = this.#elapsedMs();
    if (elapsedMs >= graceMs) return Infinity;
    const untilLastMs = lastChance(graceMs).fromMs - elapsedMs;
    const leastMs = ATTEMPT_SHARE * graceMs * GROWTH ** Math.max(0, this.#attempt - 1);
    const limitMs = Math.min(LONGEST_SHARE * graceMs, Math.max(leastMs, 4 * usualMs));
    return Math.max(LEAST_ATTEMPT_MS, Math.min(limitMs, untilLastMs > 0 ? untilLastMs : limitMs));
  }

  /** Makes the scheduled attempt now. @returns whether there is one */
  runNow(): boolean {
    if (!this.#next) return false;
    this.#wait(0);
    return true;
  }

  cancel(): void {
    this.#timers.clear(this.#timer);
    this.#next = undefined;
    this.#nextDelayMs = undefined;
  }

  #elapsedMs(): number {
    const now = this.#timers.now();
    return now - (this.#downSince ??= now);
  }

  /** Without a delay it uses no timer, because the browser may throttle timers. */
  #wait(delayMs: number): void {
    this.#timers.clear(this.#timer);
    const next = (this.#next = {});
    const go = () => {
      if (this.#next !== next) return;
      this.#next = undefined;
      this.#go();
    };
    if (delayMs > 0) this.#timer = this.#timers.set(delayMs, go);
    else queueMicrotask(go);
  }
}
