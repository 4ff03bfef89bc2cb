/**
 * Prometheus metrics. Gauges are read from the state itself when they are asked for, so they can't drift; counters and
 * histograms follow the lifecycle events.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Emitter } from "../kernel/emitter.js";
import { CLOSE_CODES } from "../protocol/close-codes.js";
import { ERRORS } from "../protocol/errors.js";
import { LEAVE_REASONS } from "../protocol/messages/index.js";
import type { SweeperEvents } from "../reaper/sweeper.js";
import type { LifecycleEvents } from "../session/events.js";
import type { MediaKind } from "../session/ports.js";
import { CAUSES } from "../session/verdict.js";
import { Instruments, type Counter, type Histogram } from "./instruments.js";
import type { MetricSources } from "./sources.js";

const DETECTION_BUCKETS = [0.5, 1, 2, 5, 6, 10, 15, 20, 26, 30, 45, 60, 90, 120, 150, 180, 300];
const GAP_BUCKETS = [1, 5, 15, 25, 29, 30, 31, 35, 45, 60, 90, 120];
const WORK_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MEDIA_KINDS: readonly MediaKind[] = ["router", "transport", "producer", "consumer"];

export class Metrics {
  readonly #instruments = new Instruments("lastseen_");
  readonly #lag = monitorEventLoopDelay({ resolution: 20 });
  readonly #heartbeatGap: Histogram;
  readonly #orphansClosed: Counter;
  readonly #workerDeaths: Counter;
  readonly #falseEvictions: Counter;

  constructor(sources: MetricSources, build: { version: string; nodeVersion: string; nodeId: string }) {
    this.#lag.enable();
    this.#describeState(sources);
    this.#describeCounts(sources);
    this.#heartbeatGap = this.#instruments.histogram(
      "heartbeat_gap_seconds",
      "Time between two signs of a session.",
      GAP_BUCKETS,
    );
    this.#orphansClosed = this.#instruments.counter(
      "media_orphans_closed_total",
      "Media objects closed for want of a session.",
      {
        kind: MEDIA_KINDS,
      },
    );
    this.#workerDeaths = this.#instruments.counter("media_worker_deaths_total", "mediasoup workers that died.");
    this.#falseEvictions = this.#instruments.counter(
      "false_evictions_total",
      "Sessions that came back within one heartbeat of being reaped as idle.",
    );
    this.#instruments.gauge(
      "build_info",
      "Always 1; the build in the labels.",
      ["version", "node_version", "node"],
      (gauge) => gauge.set({ version: build.version, node_version: build.nodeVersion, node: build.nodeId }, 1),
    );
  }

  get contentType(): string {
    return this.#instruments.contentType;
  }

  expose(): Promise<string> {
    return this.#instruments.expose();
  }

  close(): void {
    this.#lag.disable();
    this.#instruments.close();
  }

  observeHeartbeatGap(gapMs: number): void {
    this.#heartbeatGap.observe(gapMs / 1000);
  }

  countOrphanClosed(kind: MediaKind): void {
    this.#orphansClosed.inc({ kind });
  }

  countWorkerDeath(): void {
    this.#workerDeaths.inc();
  }

  countFalseEviction(): void {
    this.#falseEvictions.inc();
  }

  follow(lifecycle: Emitter<LifecycleEvents>, sweeper: Emitter<SweeperEvents>): void {
    const opened = this.#instruments.counter("sessions_opened_total", "Sessions begun.");
    const closed = this.#instruments.counter("sessions_closed_total", "Sessions ended.", { reason: LEAVE_REASONS });
    const resumed = this.#instruments.counter("sessions_resumed_total", "Attempts to take a session up again.", {
      result: ["resumed", "refused"],
    });
    const transferred = this.#instruments.counter("sessions_transferred_total", "Sessions moved to another tab.", {
      result: ["transferred", "refused"],
    });
    const detection = this.#instruments.histogram(
      "ghost_detection_seconds",
      "From a participant's last sign of life to its user_left.",
      DETECTION_BUCKETS,
      { cause: CAUSES },
    );
    const cleanups = this.#instruments.counter("cleanups_total", "Cleanups by how they went.", {
      result: ["clean", "retried", "stuck"],
    });
    const duration = this.#instruments.histogram("cleanup_duration_seconds", "From claim to verified.", WORK_BUCKETS);
    lifecycle.on("opened", () => opened.inc());
    lifecycle.on("ended", ({ reason }) => closed.inc({ reason }));
    lifecycle.on("resumed", () => resumed.inc({ result: "resumed" }));
    lifecycle.on("transferred", () => transferred.inc({ result: "transferred" }));
    lifecycle.on("transfer_refused", () => transferred.inc({ result: "refused" }));
    lifecycle.on("resume_refused", () => resumed.inc({ result: "refused" }));
    lifecycle.on("left", ({ cause, sinceLastSignMs }) => {
      if (cause) detection.observe({ cause }, sinceLastSignMs / 1000);
    });
    lifecycle.on("cleaned", ({ result, durationMs }) => {
      cleanups.inc({ result });
      duration.observe(durationMs / 1000);
    });
    this.#followSweeps(sweeper);
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
    sweeper.on("swept", ({ result, durationMs, at }) => {
      sweeps.inc({ result });
      duration.observe(durationMs / 1000);
      if (result === "completed") lastSuccess = at / 1000;
    });
  }

  #describeState(sources: MetricSources): void {
    this.#instruments.gauge("sessions", "Sessions by state.", ["state"], (gauge) => {
      for (const [state, count] of Object.entries(sources.sessions())) gauge.set({ state }, count);
    });
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
    this.#instruments.gauge("connections", "Open WebSockets.", [], (gauge) => gauge.set(sources.connections()));
    this.#instruments.gauge("rooms", "Rooms with at least one participant.", [], (gauge) => gauge.set(sources.rooms()));
    this.#instruments.gauge("participants", "Participants of all rooms.", [], (gauge) =>
      gauge.set(sources.participants()),
    );
    this.#instruments.gauge("media_workers", "mediasoup workers that are alive.", [], (gauge) =>
      gauge.set(sources.media().workers),
    );
    this.#instruments.gauge("media_objects", "mediasoup objects in this process.", ["kind"], (gauge) => {
      const counts = sources.media();
      for (const kind of MEDIA_KINDS) gauge.set({ kind }, counts[kind]);
    });
    this.#instruments.gauge("media_orphans", "mediasoup objects without a live session.", ["kind"], (gauge) => {
      const orphans = sources.orphans();
      for (const kind of MEDIA_KINDS) gauge.set({ kind }, orphans[kind]);
    });
    this.#instruments.gauge(
      "event_loop_lag_seconds",
      "99th percentile of the event loop's delay since the last scrape.",
      [],
      (gauge) => {
        gauge.set(Number.isNaN(this.#lag.mean) ? 0 : this.#lag.percentile(99) / 1e9);
        this.#lag.reset();
      },
    );
  }

  /** Counts that other parts keep as plain numbers, because they are counted on the heartbeat path. */
  #describeCounts(sources: MetricSources): void {
    this.#instruments.mirror("heartbeats_total", "Heartbeats answered.", () => sources.heartbeats());
    this.#instruments.mirror("messages_received_total", "Frames received.", () => sources.messagesReceived());
    this.#instruments.mirror("cleanup_retries_total", "Further attempts at cleanups.", () => sources.cleanupRetries());
    this.#instruments.mirror(
      "sweep_stall_credit_seconds_total",
      "Time that the process stood still, credited to everybody.",
      () => sources.stallCreditSeconds(),
    );
    this.#instruments.mirrorAll("messages_rejected_total", "Requests answered with an error.", {
      label: "code",
      known: Object.keys(ERRORS),
      read: () => sources.messagesRejected(),
    });
    this.#instruments.mirrorAll("socket_closes_total", "Sockets ended, by close code.", {
      label: "code",
      known: Object.values(CLOSE_CODES).map(({ code }) => String(code)),
      read: () => sources.socketCloses(),
    });
  }
}
