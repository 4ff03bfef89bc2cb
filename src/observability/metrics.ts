/**
 * Prometheus metrics. Gauges read the state itself at each scrape, so they cannot differ from it. Counters and histograms
 * follow the events.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ClusterEvents } from "../cluster/events.js";
import type { Emitter } from "../kernel/emitter.js";
import { CLOSE_CODES, ERRORS, GHOST_CAUSES, LEAVE_REASONS } from "@lastseen/protocol";
import type { SweeperEvents } from "../reaper/sweeper.js";
import { CALL_OUTCOMES, type LifecycleEvents } from "../session/events.js";
import type { MediaKind } from "../ports/media-plane.js";
import { DELIVERY_RESULTS, type WebhookEvents } from "../webhook/events.js";
import { Instruments, type Counter, type Histogram } from "./instruments.js";
import type { MetricSources } from "./sources.js";

const DETECTION_BUCKETS = [0.5, 1, 2, 5, 6, 10, 15, 20, 26, 30, 45, 60, 90, 120, 150, 180, 300];
const GAP_BUCKETS = [1, 5, 15, 25, 29, 30, 31, 35, 45, 60, 90, 120];
const WORK_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const MEDIA_KINDS: readonly MediaKind[] = ["router", "transport", "producer", "consumer"];

const LAG_RESOLUTION_MS = 20;

export class Metrics {
  readonly #instruments = new Instruments("lastseen_");
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  readonly #heartbeatGap: Histogram;
  readonly #orphansClosed: Counter;
  readonly #workerDeaths: Counter;
  readonly #falseEvictions: Counter;

  constructor(build: { version: string; nodeVersion: string; nodeId: string }) {
    this.#lag.enable();
    this.#describeLag();
    this.#heartbeatGap = this.#instruments.histogram(
      "heartbeat_gap_seconds",
      "Time between a heartbeat and the application message before it.",
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

  /** Shows these numbers from now on. */
  readFrom(sources: MetricSources): void {
    this.#describeState(sources);
    this.#describeCounts(sources);
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
    const closed = this.#instruments.counter(
      "sessions_closed_total",
      "Sessions ended, without those that go on on another node.",
      { reason: LEAVE_REASONS },
    );
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
      { cause: Object.keys(GHOST_CAUSES) },
    );
    const cleanups = this.#instruments.counter("cleanups_total", "Cleanups by how they went.", {
      result: ["clean", "retried", "stuck"],
    });
    const duration = this.#instruments.histogram("cleanup_duration_seconds", "From claim to verified.", WORK_BUCKETS);
    lifecycle.on("opened", () => opened.inc());
    lifecycle.on("ended", ({ reason, givenUp }) => {
      if (!givenUp) closed.inc({ reason });
    });
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
    this.#followCalls(lifecycle);
    this.#followSweeps(sweeper);
  }

  #followCalls(lifecycle: Emitter<LifecycleEvents>): void {
    const finished = this.#instruments.counter(
      "calls_finished_total",
      "Attempts to call somebody by what they came to.",
      {
        outcome: CALL_OUTCOMES,
      },
    );
    lifecycle.on("call_finished", ({ outcome }) => finished.inc({ outcome }));
    lifecycle.on("call_refused", ({ outcome }) => finished.inc({ outcome }));
  }

  /** @param redis undefined when this node is alone */
  followCluster(
    events: Emitter<ClusterEvents>,
    redis: { isUp(): boolean; errors(): ReadonlyMap<string, number> } | undefined,
  ): void {
    let seen = 1;
    let hasLease = redis === undefined;
    const takeovers = this.#instruments.counter("takeovers_total", "Dead nodes whose sessions were taken over here.", {
      result: ["completed", "failed"],
    });
    events.on("taken_over", ({ result }) => takeovers.inc({ result }));
    events.on("lease_lost", () => (hasLease = false));
    events.on("renewed", ({ nodes }) => {
      hasLease = true;
      seen = nodes.filter(({ expired }) => !expired).length;
    });
    this.#instruments.gauge(
      "nodes",
      "1 while this node holds its lease; the sum is the number of nodes.",
      [],
      (gauge) => gauge.set(hasLease ? 1 : 0),
    );
    this.#instruments.gauge("nodes_seen", "Nodes that this one knows of, itself included.", [], (gauge) =>
      gauge.set(seen),
    );
    this.#instruments.gauge("redis_up", "Whether Redis answered last time; 1 also where none is used.", [], (gauge) =>
      gauge.set(redis?.isUp() === false ? 0 : 1),
    );
    this.#instruments.mirrorAll("redis_errors_total", "Commands to Redis that failed.", {
      label: "operation",
      known: ["connect", "subscribe", "receive", "renew"],
      read: () => redis?.errors() ?? new Map<string, number>(),
    });
  }

  /** @param webhooks undefined when no webhooks are configured */
  followWebhooks(webhooks: { size: number; events: Emitter<WebhookEvents> } | undefined): void {
    const deliveries = this.#instruments.counter("webhook_deliveries_total", "Events by what became of them.", {
      result: DELIVERY_RESULTS,
    });
    webhooks?.events.on("outcome", ({ result }) => deliveries.inc({ result }));
    this.#instruments.gauge("webhook_queue_length", "Events that your backend has not got yet.", [], (gauge) =>
      gauge.set(webhooks?.size ?? 0),
    );
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
    this.#instruments.gauge("calls", "Live calls whose caller is on this node.", ["state"], (gauge) => {
      for (const [state, count] of Object.entries(sources.calls())) gauge.set({ state }, count);
    });
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
      "media_foreign",
      "mediasoup objects that other code of this process has made; never closed.",
      ["kind"],
      (gauge) => {
        for (const [kind, count] of Object.entries(sources.foreignMedia())) gauge.set({ kind }, count);
      },
    );
  }

  #describeLag(): void {
    this.#instruments.gauge(
      "event_loop_lag_seconds",
      "99th percentile of the event loop's delay since the last scrape.",
      [],
      (gauge) => {
        // The histogram measures whole intervals. An interval that is on time is no delay, so one interval is subtracted.
        const delayMs = this.#lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS;
        gauge.set(this.#lag.count === 0 ? 0 : Math.max(0, delayMs) / 1000);
        this.#lag.reset();
      },
    );
  }

  /** Counts that other parts keep as plain numbers, because they change with every heartbeat. */
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
