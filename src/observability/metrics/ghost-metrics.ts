import { GHOST_CAUSES } from "@lastseen/protocol";
import type { Emitter } from "../../kernel/emitter.js";
import type { SweeperEvents } from "../../reaper/sweeper.js";
import { CLEANUP_RESULTS, type LifecycleEvents } from "../../session/events.js";
import type { Counter, Instruments } from "../instruments.js";
import type { MetricSources } from "../sources.js";

const DETECTION_BUCKETS = [0.5, 1, 2, 5, 6, 10, 15, 20, 26, 30, 45, 60, 90, 120, 150, 180, 300];
const WORK_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Ghosts, the sweeps that find them, and the cleanup of what they leave behind. */
export class GhostMetrics {
  readonly #instruments: Instruments;
  readonly #falseEvictions: Counter;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
    this.#falseEvictions = instruments.counter(
      "false_evictions_total",
      "Sessions that came back within one heartbeat of being reaped as idle.",
    );
  }

  countFalseEviction(): void {
    this.#falseEvictions.inc();
  }

  follow(lifecycle: Emitter<LifecycleEvents>, sweeper: Emitter<SweeperEvents>): void {
    this.#followEnds(lifecycle);
    this.#followSweeps(sweeper);
  }

  readFrom(sources: MetricSources): void {
    this.#instruments.gauge("ghost_sessions", "Sessions over their deadline that are still here.", [], (gauge) =>
      gauge.set(sources.sessions().ghost),
    );
    this.#instruments.gauge(
      "ghost_oldest_age_seconds",
      "How long the oldest ghost is over its deadline.",
      [],
      (gauge) => gauge.set(sources.oldestGhostAgeSeconds()),
    );
    this.#instruments.gauge("stuck_sessions", "Cleanups that used up their attempts.", [], (gauge) =>
      gauge.set(sources.stuckSessions()),
    );
    this.#instruments.mirror("cleanup_retries_total", "Further attempts at cleanups.", () => sources.cleanupRetries());
    this.#instruments.mirror(
      "sweep_stall_credit_seconds_total",
      "Time that the process stood still, credited to everybody.",
      () => sources.stallCreditSeconds(),
    );
  }

  #followEnds(lifecycle: Emitter<LifecycleEvents>): void {
    const detection = this.#instruments.histogram(
      "ghost_detection_seconds",
      "From a participant's last sign of life to its user_left.",
      DETECTION_BUCKETS,
      { cause: Object.keys(GHOST_CAUSES) },
    );
    const cleanups = this.#instruments.counter("cleanups_total", "Cleanups by how they went.", {
      result: CLEANUP_RESULTS,
    });
    const duration = this.#instruments.histogram("cleanup_duration_seconds", "From claim to verified.", WORK_BUCKETS);
    lifecycle.on("left", ({ cause, sinceLastSignMs }) => {
      if (cause) detection.observe({ cause }, sinceLastSignMs / 1000);
    });
    lifecycle.on("cleaned", ({ result, durationMs }) => {
      cleanups.inc({ result });
      duration.observe(durationMs / 1000);
    });
  }

  #followSweeps(sweeper: Emitter<SweeperEvents>): void {
    const sweeps = this.#instruments.counter("sweeps_total", "Sweeps by how they ended.", {
      result: ["completed", "held"],
    });
    const duration = this.#instruments.histogram(
      "sweep_duration_seconds",
      "Length of a sweep, reaping included.",
      WORK_BUCKETS,
    );
    let lastSuccess = 0;
    this.#instruments.gauge(
      "sweep_last_success_timestamp_seconds",
      "When a sweep last completed; 0: never.",
      [],
      (gauge) => gauge.set(lastSuccess),
    );
    const holds = this.#instruments.counter("holds_total", "Passes that waited because too many fell due at once.", {
      pass: ["watch", "sweep"],
    });
    sweeper.on("held", ({ pass }) => holds.inc({ pass }));
    sweeper.on("swept", ({ result, durationMs, at }) => {
      sweeps.inc({ result });
      duration.observe(durationMs / 1000);
      if (result === "completed") lastSuccess = at / 1000;
    });
  }
}
