/** What the service shows and does by HTTP, and where each answer comes from. */
import type { Logger } from "pino";
import type { AddressCheck } from "../cluster/address-check.js";
import type { LostParts } from "../cluster/lost-parts.js";
import { NodeRpc } from "../cluster/node-rpc.js";
import { AdminGuesses } from "../http/admin-guesses.js";
import { addressMatcher } from "../config/addresses.js";
import { listOf } from "../config/lists.js";
import type { Config } from "../config/load.js";
import { hostMatcher, namedOrigins, originMatcher } from "../config/origins.js";
import { actorBy } from "../http/actor.js";
import { agentRoutes } from "../http/agent-routes.js";
import { blockRoutes } from "../http/block-routes.js";
import { callerRoutes } from "../http/caller-routes.js";
import { beaconRoutes } from "../http/beacon-route.js";
import { cleanupRoute } from "../http/cleanup-route.js";
import { documentRoutes } from "../http/document-routes.js";
import { drainRoute } from "../http/drain-route.js";
import { eventRoutes } from "../http/event-routes.js";
import { historyRoute } from "../http/history-route.js";
import { nodeRoutes } from "../http/node-routes.js";
import { healthRoutes, type HealthSource } from "../http/health-routes.js";
import { AgentLists } from "../admin/agent-lists.js";
import type { CallerLists } from "../admin/caller-lists.js";
import { answerFrom } from "../admin/operator-rpc.js";
import { LocalView, type OperatorView } from "../admin/local-view.js";
import { RefusedHttp } from "../http/refused-http.js";
import { opsPage } from "../http/ops-page.js";
import { roomRoutes } from "../http/room-routes.js";
import type { HttpOptions } from "../http/server.js";
import { sessionRoutes } from "../http/session-routes.js";
import { settingsRoute } from "../http/settings-route.js";
import { stuckRoute } from "../http/stuck-route.js";
import { userRoutes } from "../http/user-routes.js";
import { WholeView } from "../admin/whole-view.js";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import type { History } from "../observability/history.js";
import type { Metrics } from "../observability/metrics.js";
import { LastseenError } from "@lastseen/protocol";
import type { Service } from "./service.js";
import { AgentPlane } from "../media/agents/agent-plane.js";
import type { MediaPlane, MediaSight } from "../ports/media-plane.js";
import type { Stores } from "./stores.js";
import type { Webhooks } from "../webhook/webhooks.js";
import { addressWarning } from "./address-warning.js";
import { redisWarnings } from "./redis-warnings.js";
import { webhookWarnings } from "./webhook-warnings.js";
import { VERSION } from "./version.js";

/** What operators see: this node, or all nodes if this node is one of many. */
export function operatorView(
  nodeId: string,
  service: Service,
  { directory, bus }: Stores,
  clock: Clock,
  disposals: DisposalStack,
): { operator: OperatorView; rpc: NodeRpc | undefined } {
  const { rooms, registry, liveness, reaper, timeline, cluster } = service;
  const about = () => ({
    version: VERSION,
    uptimeSeconds: Math.round(process.uptime()),
    draining: cluster?.isDraining ?? false,
  });
  const local = new LocalView({ nodeId, rooms, registry, liveness, reaper, timeline, about });
  if (!cluster) return { operator: local, rpc: undefined };
  const rpc = new NodeRpc({ clock, bus });
  answerFrom(local, rpc);
  disposals.defer("node rpc", () => rpc.close());
  return { operator: new WholeView({ local, directory, rpc, others: () => cluster.others }), rpc };
}

/** The agents of all nodes. A service without agents has none to show. */
export function agentLists(
  media: MediaPlane,
  { rpc, service }: { rpc: NodeRpc | undefined; service: Pick<Service, "cluster"> },
): AgentLists {
  return new AgentLists({
    here: () => (media instanceof AgentPlane ? media.agents : []),
    rpc,
    others: () => service.cluster?.others ?? [],
  });
}

export function httpOptionsOf(parts: {
  config: Config;
  log: Logger;
  clock: Clock;
  service: Service;
  stores: Stores;
  /** What the store has lost; undefined when this node is alone. */
  lost: LostParts | undefined;
  /** Undefined when this node is alone. */
  addresses: AddressCheck | undefined;
  operator: OperatorView;
  agents: AgentLists;
  callers: CallerLists;
  media: MediaPlane;
  metrics: Metrics;
  history: History;
  webhooks: Webhooks | undefined;
  isReady: () => boolean;
}): HttpOptions {
  const { config, log, clock, service, stores, operator, agents, callers, metrics } = parts;
  const { sweeper, reconciler, reaper, sessions, registry, cluster, telephony } = service;
  const admin = { adminToken: config.ADMIN_TOKEN, adminOpen: config.ENVIRONMENT !== "production" };
  const ownUrls = [config.PUBLIC_URL, config.SERVICE_URL];
  const isOriginAllowed = originMatcher(config.ORIGINS, ownUrls);
  const named = namedOrigins(config.ORIGINS);
  const actorOf = actorBy(config.ADMIN_TOKEN);
  return {
    log,
    clock,
    isProxy: addressMatcher(listOf(config.TRUSTED_PROXIES)),
    limits: { connections: config.MAX_CONNECTIONS, perAddress: config.MAX_CONNECTIONS_PER_ADDRESS },
    refusals: service.refusals,
    refused: new RefusedHttp({ clock, counted: (code) => metrics.traffic.countHttpRefusal(code) }),
    guesses: new AdminGuesses({ log, clock, counted: (setting) => metrics.traffic.countAdminGuess(setting) }),
    isOriginAllowed,
    version: VERSION,
    docs: config.ENVIRONMENT === "development",
    ...admin,
    ownNames: { isHost: hostMatcher(named, ownUrls), isOrigin: originMatcher(named, ownUrls) },
    actorOf,
    metricsToken: config.METRICS_TOKEN,
    metrics: { contentType: metrics.contentType, expose: () => metrics.expose() },
    openRoutes: [healthRoutes(healthSource({ ...parts, isOriginAllowed })), beaconRoutes(sessions), opsPage(admin)],
    adminRoutes: [
      nodeRoutes(operator),
      historyRoute(config.NODE_ID, parts.history),
      roomRoutes(operator, actorOf),
      userRoutes({ statusOf: (userId) => telephony.presence.statusOf(userId) }),
      blockRoutes(service.blocks, actorOf),
      callerRoutes(callers),
      sessionRoutes(operator, actorOf),
      cleanupRoute({
        sweep: (by) => sweeper.sweep({ force: true, by }),
        reconcile: () => reconciler.reconcile(),
        actorOf,
      }),
      stuckRoute(config.NODE_ID, reaper),
      agentRoutes(agents),
      documentRoutes(),
      settingsRoute({
        heartbeatIntervalMs: config.HEARTBEAT_INTERVAL_MS,
        awayAfterMs: config.AWAY_AFTER_MS,
        idleTimeoutMs: config.IDLE_TIMEOUT_MS,
        sweepIntervalMs: config.SWEEP_INTERVAL_MS,
        reloadGraceMs: config.RELOAD_GRACE_MS,
        resumeGraceMs: config.RESUME_GRACE_MS,
      }),
      eventRoutes(config.WEBHOOK_URL === undefined ? undefined : stores.events),
      drainRoute((by) => {
        if (!cluster) throw new LastseenError("not_found", "This node is alone: no other node can take its sessions.");
        void cluster.drain(config.DRAIN_TIMEOUT_MS, by);
        return registry.size;
      }, actorOf),
    ],
  };
}

const SIGHTS = { none: "off", seen: "ok", unseen: "unseen" } as const satisfies Record<MediaSight["state"], string>;

function mediaCheck(media: MediaPlane): ReturnType<HealthSource["checks"]>["media"] {
  if (media.enabled) return media.available ? "ok" : "failing";
  return SIGHTS[media.sight.state];
}

function healthSource(parts: {
  config: Config;
  service: Service;
  stores: Stores;
  lost: LostParts | undefined;
  addresses: AddressCheck | undefined;
  media: MediaPlane;
  webhooks: Webhooks | undefined;
  isReady: () => boolean;
  isOriginAllowed: (origin: string) => boolean;
}): HealthSource {
  const { config, service, stores, lost, addresses, media, webhooks, isReady, isOriginAllowed } = parts;
  const { registry, liveness, rooms, telephony, cluster } = service;
  return {
    version: VERSION,
    nodeId: config.NODE_ID,
    counts: () => ({
      connectedUsers: registry.userCount,
      busyUsers: telephony.known.busyUsers,
      activeCalls: telephony.known.counts().active,
      sessions: registry.size,
      ghosts: liveness.overdue().sessions.length,
      rooms: rooms.size,
    }),
    checks: () => ({
      media: mediaCheck(media),
      redis: !stores.redis ? "off" : stores.redis.isUp() && (cluster?.isUp ?? true) ? "ok" : "failing",
      webhook: !webhooks ? "off" : webhooks.health.isOk ? "ok" : "failing",
    }),
    warnings: () => [
      ...redisWarnings(stores, lost),
      ...(addresses?.wrong ?? []).map(addressWarning),
      ...webhookWarnings(webhooks),
      ...(!media.enabled && media.sight.state === "unseen" ? [media.sight.why] : []),
      ...(media instanceof AgentPlane ? media.warnings : []),
    ],
    isReady,
    isOriginAllowed,
    isDraining: () => cluster?.isDraining ?? false,
  };
}
