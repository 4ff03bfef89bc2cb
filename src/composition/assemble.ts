/**
 * The service with all that it stands on (directory, media, metrics, what is told by HTTP), short of a server: the one of
 * its own (`app.ts`) or that of somebody else's application (`plugin/`).
 */
import type { Logger } from "pino";
import type { Config } from "../config/load.js";
import { trustEverybody, verifyJwt, type Authenticate } from "../gateway/authenticate.js";
import type { HttpOptions } from "../http/server.js";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { followCluster } from "../observability/cluster-journal.js";
import { Metrics } from "../observability/metrics.js";
import type { CleanupStep } from "../reaper/cleanup.js";
import { RecentlyReaped } from "../reaper/recently-reaped.js";
import { Loops } from "./loops.js";
import { httpOptionsOf, operatorView } from "./routes.js";
import { createService, type Service, type ServiceSettings } from "./service.js";
import { livenessPolicy } from "../session/policy.js";
import type { MediaPlane } from "../ports/media-plane.js";
import { openStores } from "./stores.js";
import { VERSION } from "./version.js";
import { openWebhooks, shareWebhooks } from "./webhooks.js";

/** Clients come back after a restart within this time, each at its own moment. */
export const RECONNECT_SPREAD_MS = 5_000;

export interface Assembled {
  readonly service: Service;
  readonly media: MediaPlane;
  readonly httpOptions: HttpOptions;
  /** Begins to look for ghosts and, if there are other nodes, to be one of them. `disposals` gets the opposite. */
  readonly start: (disposals: DisposalStack) => Promise<void>;
}

/** @param parts `disposals` gets what has to be closed, in the order in which it was opened */
export async function assemble(parts: {
  config: Config;
  log: Logger;
  clock: Clock;
  openMedia: () => MediaPlane | Promise<MediaPlane>;
  disposals: DisposalStack;
  /** Instead of what the settings say. */
  authenticate?: Authenticate | undefined;
  /** Further steps of every cleanup. */
  cleanupSteps?: readonly CleanupStep[];
}): Promise<Assembled> {
  const { config, log, clock, openMedia, disposals, authenticate, cleanupSteps = [] } = parts;
  const listenerFailed = (error: unknown, event: PropertyKey): void =>
    log.error({ err: error, event: String(event) }, "a listener failed");
  const stores = await openStores(config, clock, listenerFailed, disposals);
  const webhooks = openWebhooks(config, stores.events, { log, clock, listenerFailed }, disposals);
  const media = await openMedia();
  disposals.defer("media", () => media.close());
  const service: Service = createService(
    settingsOf(config),
    {
      clock,
      directory: stores.directory,
      bus: stores.bus,
      calls: stores.calls,
      media,
      authenticate: authenticate ?? authenticationOf(config),
      journal: log,
      log,
      listenerFailed,
      heartbeatGap: (gapMs) => metrics.observeHeartbeatGap(gapMs),
      orphanClosed: (kind) => metrics.countOrphanClosed(kind),
    },
    disposals,
    { cleanupSteps },
  );
  const metrics = new Metrics(service.sources, {
    version: VERSION,
    nodeVersion: process.version,
    nodeId: config.NODE_ID,
  });
  disposals.defer("metrics", () => metrics.close());
  metrics.followCluster(service.clusterEvents, stores.redis);
  metrics.followWebhooks(webhooks);
  const isOpen = (roomId: string): boolean => service.rooms.find(roomId) !== undefined;
  webhooks?.follow(service.lifecycle, isOpen, service.cluster === undefined);
  if (webhooks) shareWebhooks(webhooks, service.clusterEvents, clock, disposals);
  followCluster(log, service.clusterEvents);
  countFates(service, media, metrics, new RecentlyReaped(clock, config.HEARTBEAT_INTERVAL_MS));

  const state = { closing: false };
  const { cluster } = service;
  const operator = operatorView(config.NODE_ID, service, stores, clock, disposals);
  const isReady = (): boolean => !state.closing && !cluster?.isDraining;
  const httpOptions = httpOptionsOf({ config, log, service, stores, operator, media, metrics, isReady });

  const start = async (running: DisposalStack): Promise<void> => {
    const loops = new Loops({
      clock,
      sweeper: service.sweeper,
      reconciler: service.reconciler,
      sockets: service.sockets,
      sweepIntervalMs: config.SWEEP_INTERVAL_MS,
      onError: (loop, error) => log.error({ err: error }, `${loop} failed`),
    });
    running.defer("loops", () => loops.close());
    loops.start();
    if (cluster && config.PUBLIC_URL === undefined) {
      log.warn(
        "REDIS_URL without PUBLIC_URL: clients can't be sent to this node, and its rooms can't be joined elsewhere",
      );
    }
    await cluster?.start();
    running.defer("drain", () => {
      state.closing = true;
      return cluster?.drain(config.DRAIN_TIMEOUT_MS);
    });
  };
  return { service, media, httpOptions, start };
}

function authenticationOf(config: Config): Authenticate {
  return config.AUTH_MODE === "jwt" ? verifyJwt(config.JWT_SECRET ?? "") : trustEverybody;
}

/** Counts what becomes of sessions and workers. */
function countFates(service: Service, media: MediaPlane, metrics: Metrics, recentlyReaped: RecentlyReaped): void {
  const { lifecycle, sweeps } = service;
  metrics.follow(lifecycle, sweeps);
  lifecycle.on("ended", ({ session, cause }) => {
    if (cause === "silent") recentlyReaped.add(session.id);
  });
  lifecycle.on("resume_refused", ({ sessionId }) => {
    if (recentlyReaped.take(sessionId)) metrics.countFalseEviction();
  });
  media.on("worker_died", () => metrics.countWorkerDeath());
}

function settingsOf(config: Config): ServiceSettings {
  return {
    nodeId: config.NODE_ID,
    cluster: config.REDIS_URL === undefined ? undefined : { url: config.PUBLIC_URL, random: Math.random },
    policy: livenessPolicy({
      awayAfterMs: config.AWAY_AFTER_MS,
      idleTimeoutMs: config.IDLE_TIMEOUT_MS,
      resumeGraceMs: config.RESUME_GRACE_MS,
      reloadGraceMs: config.RELOAD_GRACE_MS,
    }),
    heartbeat: {
      intervalMs: config.HEARTBEAT_INTERVAL_MS,
      idleTimeoutMs: config.IDLE_TIMEOUT_MS,
      sweepIntervalMs: config.SWEEP_INTERVAL_MS,
      resumeGraceMs: config.RESUME_GRACE_MS,
    },
    helloTimeoutMs: config.HELLO_TIMEOUT_MS,
    socketPingIntervalMs: config.SOCKET_PING_INTERVAL_MS,
    multiTabPolicy: config.MULTI_TAB_POLICY,
    ringTimeoutMs: config.CALL_RING_TIMEOUT_MS,
    limits: {
      maxRooms: config.MAX_ROOMS,
      maxRoomSize: config.MAX_ROOM_SIZE,
      connections: config.MAX_CONNECTIONS,
      messagesPerSecond: config.MAX_MESSAGES_PER_SECOND,
    },
  };
}
