import type { Logger } from "pino";
import type { Config } from "../config/load.js";
import type { Clock } from "../kernel/clock.js";
import { followCluster } from "../observability/cluster-journal.js";
import { AgentPlane } from "../media/agents/agent-plane.js";
import type { Metrics } from "../observability/metrics.js";
import type { MediaPlane } from "../ports/media-plane.js";
import { RecentlyReaped } from "../reaper/recently-reaped.js";
import type { Webhooks } from "../webhook/webhooks.js";
import type { Service } from "./service.js";
import type { Stores } from "./stores.js";

/** Lets metrics and log follow what happens. The order of these listeners does not matter. */
export function observe(parts: {
  config: Config;
  log: Logger;
  clock: Clock;
  service: Service;
  media: MediaPlane;
  stores: Stores;
  webhooks: Webhooks | undefined;
  metrics: Metrics;
}): void {
  const { config, log, clock, service, media, stores, webhooks, metrics } = parts;
  const { lifecycle, sweeps, clusterEvents, sources } = service;
  followCluster(log, clusterEvents);
  metrics.readFrom(sources);
  metrics.follow(lifecycle, sweeps);
  metrics.followCluster(clusterEvents, stores.redis, stores.bus);
  metrics.followWebhooks(webhooks);
  metrics.media.readSight(() => !media.enabled && media.sight.state === "unseen");
  metrics.media.readAgents(
    () => (media instanceof AgentPlane ? media.agentCounts : { connected: 0, away: 0 }),
    () => (media instanceof AgentPlane ? media.agentsLost : 0),
  );
  media.on("worker_died", () => metrics.media.countWorkerDeath());

  const recentlyReaped = new RecentlyReaped(clock, config.HEARTBEAT_INTERVAL_MS);
  lifecycle.on("ended", ({ session, cause }) => {
    if (cause === "silent") recentlyReaped.add(session.id);
  });
  lifecycle.on("resume_refused", ({ sessionId }) => {
    if (recentlyReaped.take(sessionId)) metrics.ghosts.countFalseEviction();
  });
}
