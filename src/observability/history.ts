/**
 * What happened on this node in each minute of the last hour: joins, ghosts, evictions, and how long it took to notice. The
 * operator page draws it, so that an operator sees the last hour without Prometheus. It is bounded: the running minute keeps
 * some times to find their median, and a minute that is over keeps only its numbers.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { LifecycleEvents } from "../session/events.js";

const MINUTE_MS = 60_000;
/** Minutes that are over. */
const MOST_MINUTES = 60;
/** A minute with more times finds its median among the last of them. */
const MOST_TIMES = 500;

/** How long something took in one minute, milliseconds. */
interface Times {
  readonly count: number;
  /** `null` without times. */
  readonly medianMs: number | null;
  readonly longestMs: number | null;
}

export interface MinuteOfHistory {
  /** When the minute began, epoch milliseconds. */
  readonly at: number;
  readonly joins: number;
  /** How many people were shown as away. */
  readonly aways: number;
  /** How many sessions the service ended because their clients were gone. */
  readonly evictions: number;
  /** The most sessions at one time. */
  readonly sessions: number;
  /** The most sessions over their deadline at one time. */
  readonly ghosts: number;
  /** From the last sign of life to the `user_away` that the others got. */
  readonly away: Times;
  /** From the last sign of life to the `user_left` that the others got. */
  readonly detection: Times;
}

/** Times of the running minute. */
class RunningTimes {
  readonly #last: number[] = [];
  #count = 0;
  #longestMs: number | null = null;

  add(ms: number): void {
    this.#last[this.#count % MOST_TIMES] = ms;
    this.#count += 1;
    this.#longestMs = Math.max(ms, this.#longestMs ?? 0);
  }

  summary(): Times {
    const sorted = this.#last.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));
    return { count: this.#count, medianMs: round(median ?? null), longestMs: round(this.#longestMs) };
  }
}

class RunningMinute {
  readonly at: number;
  readonly away = new RunningTimes();
  readonly detection = new RunningTimes();
  joins = 0;
  aways = 0;
  evictions = 0;
  sessions = 0;
  ghosts = 0;

  constructor(at: number) {
    this.at = at;
  }

  summary(): MinuteOfHistory {
    const { at, joins, aways, evictions, sessions, ghosts } = this;
    const [away, detection] = [this.away.summary(), this.detection.summary()];
    return { at, joins, aways, evictions, sessions, ghosts, away, detection };
  }
}

export class History {
  readonly #clock: Clock;
  readonly #past: MinuteOfHistory[] = [];
  #running: RunningMinute;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#running = new RunningMinute(this.#beginOfMinute());
  }

  follow(lifecycle: Emitter<LifecycleEvents>): void {
    lifecycle.on("joined", () => (this.#minute().joins += 1));
    lifecycle.on("away", ({ sinceLastSignMs }) => {
      const minute = this.#minute();
      minute.aways += 1;
      minute.away.add(sinceLastSignMs);
    });
    lifecycle.on("left", ({ cause, sinceLastSignMs, givenUp }) => {
      if (cause && !givenUp) this.#minute().detection.add(sinceLastSignMs);
    });
    lifecycle.on("ended", ({ cause, givenUp }) => {
      if (cause && !givenUp) this.#minute().evictions += 1;
    });
  }

  /** Notes how many sessions, and how many of them ghosts, are here now. To be called several times a minute. */
  note({ sessions, ghosts }: { sessions: number; ghosts: number }): void {
    const minute = this.#minute();
    minute.sessions = Math.max(minute.sessions, sessions);
    minute.ghosts = Math.max(minute.ghosts, ghosts);
  }

  /** The last hour, oldest minute first. The last one is still running. */
  minutes(): MinuteOfHistory[] {
    const running = this.#minute();
    return [...this.#past, running.summary()];
  }

  #minute(): RunningMinute {
    const at = this.#beginOfMinute();
    if (at <= this.#running.at) return this.#running;
    this.#past.push(this.#running.summary());
    while (this.#past.length > MOST_MINUTES || (this.#past[0]?.at ?? at) < at - MOST_MINUTES * MINUTE_MS)
      this.#past.shift();
    this.#running = new RunningMinute(at);
    return this.#running;
  }

  #beginOfMinute(): number {
    return Math.floor(this.#clock.wall() / MINUTE_MS) * MINUTE_MS;
  }
}
