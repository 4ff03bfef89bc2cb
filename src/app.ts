/**
 * The composition root: reads the settings, makes what the service stands on (directory, media, log, HTTP), and takes it
 * down in the opposite order.
 */
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Telephony } from "./call/telephony.js";
import type { Config } from "./config/load.js";
import { trustEverybody, verifyJwt } from "./gateway/authenticate.js";
import type { Gateway } from "./gateway/gateway.js";
import { registerWebSocket } from "./gateway/ws-route.js";
import { createHttpServer, registerRoutes } from "./http/server.js";
import { systemClock, type Clock } from "./kernel/clock.js";
import { Releasers } from "./kernel/releasers.js";
import { createMediaPlane } from "./media/create.js";
import { followCluster } from "./observability/cluster-journal.js";
import { Metrics } from "./observability/metrics.js";
import type { Timeline } from "./observability/timeline.js";
import type { Reaper } from "./reaper/reaper.js";
import { RecentlyReaped } from "./reaper/recently-reaped.js";
import type { Sweeper } from "./reaper/sweeper.js";
import { Rhythm } from "./rhythm.js";
import type { Rooms } from "./room/rooms.js";
import { httpOptionsOf, operatorView } from "./routes.js";
import { createService, type Service, type ServiceSettings } from "./service.js";
import { livenessPolicy } from "./session/policy.js";
import type { MediaPlane } from "./session/ports.js";
import type { SessionRegistry } from "./session/registry.js";
import { openStores } from "./stores.js";
import { VERSION } from "./version.js";

/** Clients come back after a restart within this time, each at its own moment. */
const RECONNECT_SPREAD_MS = 5_000;

/** The running service. The parts are for tests and tools that look inside; users talk to it by its ports. */
export interface App {
  readonly http: FastifyInstance;
  readonly registry: SessionRegistry;
  readonly rooms: Rooms;
  readonly media: MediaPlane;
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly gateway: Gateway;
  readonly telephony: Telephony;
  readonly timeline: Timeline;
  /** Opens the port; returns the one that it got. */
  listen(): Promise<number>;
  /** Stops: clients are told, sockets closed, media freed. Idempotent; bounded in time. */
  close(): Promise<void>;
}

export async function buildApp(config: Config, log: Logger, clock: Clock = systemClock): Promise<App> {
  const releasers = new Releasers((error, name) => log.error({ err: error, part: name }, "could not be closed"));
  try {
    return await compose(config, log, clock, releasers);
  } catch (error) {
    await releasers.close();
    throw error;
  }
}

async function compose(config: Config, log: Logger, clock: Clock, releasers: Releasers): Promise<App> {
  const listenerFailed = (error: unknown, event: PropertyKey): void =>
    log.error({ err: error, event: String(event) }, "a listener failed");
  const stores = await openStores(config, clock, listenerFailed, releasers);
  const media = await createMediaPlane(config, process.env, clock, log);
  releasers.add("media", () => media.close());
  const service: Service = createService(
    settingsOf(config),
    {
      clock,
      directory: stores.directory,
      bus: stores.bus,
      calls: stores.calls,
      media,
      authenticate: config.AUTH_MODE === "jwt" ? verifyJwt(config.JWT_SECRET ?? "") : trustEverybody,
      journal: log,
      log,
      listenerFailed,
      heartbeatGap: (gapMs) => metrics.observeHeartbeatGap(gapMs),
      orphanClosed: (kind) => metrics.countOrphanClosed(kind),
    },
    releasers,
  );
  const metrics = new Metrics(service.sources, {
    version: VERSION,
    nodeVersion: process.version,
    nodeId: config.NODE_ID,
  });
  releasers.add("metrics", () => metrics.close());
  metrics.followCluster(service.clusterEvents, stores.redis);
  followCluster(log, service.clusterEvents);
  countFates(service, media, metrics, new RecentlyReaped(clock, config.HEARTBEAT_INTERVAL_MS));

  const state = { closing: false };
  const { cluster, gateway } = service;
  const operator = operatorView(config.NODE_ID, service, stores, clock, releasers);
  const isReady = (): boolean => !state.closing && !cluster?.isDraining;
  const httpOptions = httpOptionsOf({ config, log, service, stores, operator, media, metrics, isReady });
  const http = await createHttpServer(httpOptions);
  releasers.add("sessions", () => service.endSessions());
  releasers.add("http", () => http.close());
  await registerWebSocket(http, { gateway, origins: config.ORIGINS, reconnectSpreadMs: RECONNECT_SPREAD_MS });
  await registerRoutes(http, httpOptions);
  await http.ready();

  const rhythm = new Rhythm({
    clock,
    sweeper: service.sweeper,
    reconciler: service.reconciler,
    sockets: service.sockets,
    sweepIntervalMs: config.SWEEP_INTERVAL_MS,
    onError: (loop, error) => log.error({ err: error }, `${loop} failed`),
  });
  releasers.add("loops", () => rhythm.close());
  rhythm.start();
  if (cluster && config.PUBLIC_URL === undefined) {
    log.warn(
      "REDIS_URL without PUBLIC_URL: clients can't be sent to this node, and its rooms can't be joined elsewhere",
    );
  }
  await cluster?.start();
  releasers.add("drain", () => {
    state.closing = true;
    return cluster?.drain(config.DRAIN_TIMEOUT_MS);
  });

  const { registry, rooms, reaper, sweeper, telephony, timeline } = service;
  return {
    http,
    registry,
    rooms,
    media,
    reaper,
    sweeper,
    gateway,
    telephony,
    timeline,
    async listen() {
      await http.listen({ port: config.PORT, host: config.HOST });
      return (http.server.address() as AddressInfo).port;
    },
    close: () => releasers.close(),
  };
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
