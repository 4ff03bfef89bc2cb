import type { BeatTerms } from "@lastseen/protocol/codec";
import type { ProbePace } from "../session/probe-pace.js";

/**
 * Signs of life are wanted at the beginning of a slot. What arrives at the same moment costs about half, because the process then reads
 * many sockets each time it wakes up.
 */
const SLOT_MS = 500;
/** What arrives within so many milliseconds of the beginning is on time. */
const ON_TIME_MS = 10;
/** A client pings a little before the service would probe its page. */
const BEFORE_THE_PROBE = 0.7;
/** Every second sign of life of a watched client is a ping, which is answered: so the client learns that its connection works. */
const SIGNS_PER_PING = 2;
/**
 * A client that was silent for so many intervals may still have the longer intervals of a moment when more sessions were watched. It is
 * told the interval again. The service pings after a little more.
 */
const SLOW = 1.14;

/** When clients should give signs of life. `hello` tells it, and a pong tells what has changed. */
export class Beats {
  readonly #intervalMs: number;
  readonly #pace: Pick<ProbePace, "aliveMs" | "probeMs" | "isStretched">;

  /** @param intervalMs between two pings of a client that is not watched */
  constructor(intervalMs: number, pace: Pick<ProbePace, "aliveMs" | "probeMs" | "isStretched">) {
    this.#intervalMs = intervalMs;
    this.#pace = pace;
  }

  /** Between two signs of life of a watched client, milliseconds. */
  get aliveIntervalMs(): number {
    return Math.min(this.#intervalMs, this.#pace.aliveMs, this.#beforeProbeMs);
  }

  /** Between two pings of a watched client, milliseconds. */
  get watchedIntervalMs(): number {
    return Math.min(this.#intervalMs, SIGNS_PER_PING * this.aliveIntervalMs, this.#beforeProbeMs);
  }

  /**
   * What the pong tells a client whose ping has just come.
   *
   * @param now monotonic milliseconds
   * @param gapMs since its sign of life before
   * @returns undefined when the client can go on as it does
   */
  termsFor(isWatched: boolean, now: number, gapMs: number): BeatTerms | undefined {
    const intervalMs = isWatched ? this.aliveIntervalMs : this.#intervalMs;
    const isSlow = isWatched && (this.#pace.isStretched || gapMs > SLOW * intervalMs);
    const late = now % SLOT_MS;
    const isOnTime = late <= ON_TIME_MS || late >= SLOT_MS - ON_TIME_MS;
    if (intervalMs < 2 * SLOT_MS || (isOnTime && !isSlow)) return undefined;
    const nextMs = Math.round((now + intervalMs) / SLOT_MS) * SLOT_MS - now;
    return isSlow ? { nextMs, aliveIntervalMs: intervalMs } : { nextMs };
  }

  get #beforeProbeMs(): number {
    return Math.round(this.#pace.probeMs * BEFORE_THE_PROBE);
  }
}
