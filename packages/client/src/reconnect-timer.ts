/** Decides when to connect again after the connection was lost: by the policy, unless the service asks for a delay. */
import type { ReconnectCause } from "./connection-state.js";
import type { Timers } from "./environment.js";
import type { ReconnectPolicy } from "./reconnect-policy.js";
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

export class ReconnectTimer {
  readonly #timers: Timers;
  readonly #policy: ReconnectPolicy;
  readonly #go: () => void;
  #attempt = 0;
  #downSince = 0;
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

  /** To be called when the client starts or has connected: attempts are counted from zero. */
  reset(): void {
    this.cancel();
    this.#attempt = 0;
    this.#downSince = this.#timers.now();
  }

  /** Sets the delay of the next attempt, and of that one only, in place of the policy's. */
  setNextDelay(delayMs: number): void {
    this.#nextDelayMs = delayMs;
  }

  /**
   * @param throttled whether the browser may run the page's timers only once a minute, which is longer than a session waits
   *   for its client; then the first attempt after the connection broke uses no timer
   * @returns the attempt that is now scheduled; `undefined` when the policy gives up
   */
  schedule(cause: ReconnectCause, throttled: boolean): Omit<Retry, keyof Trouble> | undefined {
    const attempt = this.#attempt++;
    const elapsedMs = this.#timers.now() - this.#downSince;
    const givenMs = this.#nextDelayMs;
    this.#nextDelayMs = undefined;
    const plannedMs = givenMs ?? this.#policy.nextDelayMs({ attempt, elapsedMs, cause });
    if (plannedMs === null) return undefined;
    const atOnce = throttled && attempt === 0 && givenMs === undefined && BROKE.has(cause);
    const delayMs = atOnce ? 0 : plannedMs;
    this.#wait(delayMs);
    return { attempt, delayMs, cause };
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
