/**
 * Prometheus metrics, one file for each family in `metrics/`, as `docs/metrics.md` groups them. Gauges read the state itself
 * at each scrape, so they cannot differ from it. Counters and histograms follow the events.
 */
import type { ClusterEvents } from "../cluster/events.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { SweeperEvents } from "../reaper/sweeper.js";
import type { LifecycleEvents } from "../session/events.js";
import type { WebhookEvents } from "../webhook/events.js";
import { Instruments } from "./instruments.js";
import { AwayMetrics } from "./metrics/away-metrics.js";
import { CallMetrics } from "./metrics/call-metrics.js";
import { ClusterMetrics, type RedisHealth } from "./metrics/cluster-metrics.js";
import { GhostMetrics } from "./metrics/ghost-metrics.js";
import { MediaMetrics } from "./metrics/media-metrics.js";
import { ProcessMetrics } from "./metrics/process-metrics.js";
import { SessionMetrics } from "./metrics/session-metrics.js";
import { TrafficMetrics } from "./metrics/traffic-metrics.js";
import type { MetricSources } from "./sources.js";

export class Metrics {
  readonly #instruments = new Instruments("lastseen_");
  readonly #sessions = new SessionMetrics(this.#instruments);
  readonly #aways = new AwayMetrics(this.#instruments);
  readonly #calls = new CallMetrics(this.#instruments);
  readonly #cluster = new ClusterMetrics(this.#instruments);
  readonly #process: ProcessMetrics;
  readonly ghosts = new GhostMetrics(this.#instruments);
  readonly traffic = new TrafficMetrics(this.#instruments);
  readonly media = new MediaMetrics(this.#instruments);

  constructor(build: { version: string; nodeVersion: string; nodeId: string }) {
    this.#process = new ProcessMetrics(this.#instruments, build);
  }

  /** Shows these numbers from now on. */
  readFrom(sources: MetricSources): void {
    const { ghosts, traffic, media } = this;
    for (const family of [this.#sessions, this.#aways, ghosts, traffic, media, this.#calls]) family.readFrom(sources);
  }

  follow(lifecycle: Emitter<LifecycleEvents>, sweeper: Emitter<SweeperEvents>): void {
    this.#sessions.follow(lifecycle);
    this.#aways.follow(lifecycle);
    this.ghosts.follow(lifecycle, sweeper);
    this.#calls.follow(lifecycle);
  }

  /** @param redis undefined when this node is alone */
  followCluster(events: Emitter<ClusterEvents>, redis: RedisHealth | undefined, bus: Pick<Bus, "on">): void {
    this.#cluster.follow(events, redis, bus);
  }

  /** @param webhooks undefined when no webhooks are configured */
  followWebhooks(webhooks: { size: number; events: Emitter<WebhookEvents> } | undefined): void {
    this.#cluster.followWebhooks(webhooks);
  }

  get contentType(): string {
    return this.#instruments.contentType;
  }

  expose(): Promise<string> {
    return this.#instruments.expose();
  }

  close(): void {
    this.#process.close();
    this.#instruments.close();
  }
}
