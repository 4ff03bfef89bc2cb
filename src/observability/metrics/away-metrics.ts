import { GHOST_CAUSES } from "@lastseen/protocol";
import type { Emitter } from "../../kernel/emitter.js";
import type { LifecycleEvents } from "../../session/events.js";
import type { Instruments } from "../instruments.js";
import type { MetricSources } from "../sources.js";

const DETECTION_BUCKETS = [0.5, 1, 1.5, 2, 3, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 45, 60];

/** How soon others see that somebody is away, what is asked for that, and how often it was wrong. */
export class AwayMetrics {
  readonly #instruments: Instruments;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  follow(lifecycle: Emitter<LifecycleEvents>): void {
    const detection = this.#instruments.histogram(
      "away_detection_seconds",
      "From a participant's last sign of life to its user_away.",
      DETECTION_BUCKETS,
      { cause: Object.keys(GHOST_CAUSES) },
    );
    lifecycle.on("away", ({ cause, sinceLastSignMs }) => detection.observe({ cause }, sinceLastSignMs / 1000));
  }

  readFrom(sources: MetricSources): void {
    this.#instruments.mirror(
      "false_aways_total",
      "Sessions shown as away that had answered everything and were back within 2 s.",
      () => sources.falseAways(),
    );
    this.#instruments.gauge("watched_sessions", "Sessions that somebody would miss.", [], (gauge) =>
      gauge.set(sources.probing().watched),
    );
    this.#instruments.gauge(
      "probe_interval_seconds",
      "Time between the two WebSocket pings to a watched session that is silent.",
      [],
      (gauge) => gauge.set(sources.probing().intervalMs / 1000),
    );
    this.#instruments.mirrorEach(
      "probes_total",
      "Questions to clients for a sign of life, by what was asked and whether an answer came in time.",
      ["kind", "result"],
      () =>
        Object.entries(sources.probing().questions).flatMap(([kind, { answered, unanswered }]) => [
          { labels: { kind, result: "answered" }, count: answered },
          { labels: { kind, result: "unanswered" }, count: unanswered },
        ]),
    );
  }
}
