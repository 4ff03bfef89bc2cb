/**
 * The composition root: the only file that knows every part. It makes them in the order in which data passes through
 * them, gives each what it needs, and takes them down in the opposite order.
 */
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Config } from "./config/load.js";
import { Gateway } from "./gateway/gateway.js";
import { trustEverybody, verifyJwt } from "./gateway/authenticate.js";
import { helloHandler } from "./gateway/handlers/hello.js";
import { mediaHandlers } from "./gateway/handlers/media.js";
import { roomHandlers } from "./gateway/handlers/room.js";
import { SocketWatch } from "./gateway/socket-watch.js";
import { registerWebSocket } from "./gateway/ws-route.js";
import { beaconRoute } from "./http/beacon-route.js";
import { cleanupRoute } from "./http/cleanup-route.js";
import { healthRoutes } from "./http/health-routes.js";
import { roomRoutes } from "./http/room-routes.js";
import { createHttpServer, registerRoutes, type HttpOptions } from "./http/server.js";
import { sessionRoutes } from "./http/session-routes.js";
import { systemClock, type Clock } from "./kernel/clock.js";
import { Emitter } from "./kernel/emitter.js";
import { Loop } from "./kernel/loop.js";
import { Releasers } from "./kernel/releasers.js";
import { createMediaPlane } from "./media/create.js";
import { MemoryDirectory } from "./memory/memory-directory.js";
import { Journal } from "./observability/journal.js";
import { Metrics } from "./observability/metrics.js";
import { readSources } from "./observability/read-sources.js";
import { Timeline } from "./observability/timeline.js";
import { Reaper } from "./reaper/reaper.js";
import { RecentlyReaped } from "./reaper/recently-reaped.js";
import { Reconciler } from "./reaper/reconciler.js";
import { departureSteps } from "./reaper/steps.js";
import { HOLD_MS, Sweeper, type SweeperEvents } from "./reaper/sweeper.js";
import { Admission } from "./room/admission.js";
import { announceMedia } from "./room/media-announcer.js";
import { Registrar } from "./room/registrar.js";
import { Rooms } from "./room/rooms.js";
import type { LifecycleEvents } from "./session/events.js";
import { Liveness } from "./session/liveness.js";
import type { MediaPlane } from "./session/ports.js";
import { SessionRegistry } from "./session/registry.js";
import { Sessions } from "./session/sessions.js";
import type { LivenessPolicy } from "./session/verdict.js";
import { VirtualTime } from "./session/virtual-time.js";
import { VERSION } from "./version.js";

/** How often short deadlines are looked at. */
const WATCH_INTERVAL_MS = 250;
/** Two watches in a row may be so far apart before the rest counts as the process's own delay. */
const LONGEST_STEP_MS = 2 * WATCH_INTERVAL_MS;
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
  const listenerFailed = (error: unknown, event: PropertyKey) =>
    log.error({ err: error, event: String(event) }, "a listener failed");
  const lifecycle = new Emitter<LifecycleEvents>(listenerFailed);
  const sweeps = new Emitter<SweeperEvents>(listenerFailed);

  const time = new VirtualTime(clock, LONGEST_STEP_MS);
  const registry = new SessionRegistry();
  const liveness = new Liveness({ clock, time, policy: policyOf(config), events: lifecycle });
  const sessions = new Sessions({ clock, time, registry, liveness, events: lifecycle });
  const directory = new MemoryDirectory();
  releasers.add("directory", () => directory.close());
  const media = await createMediaPlane(config, process.env, clock, log);
  releasers.add("media", () => media.close());
  const rooms = new Rooms({
    clock,
    lastSeenAt: (session) => liveness.lastSeenAt(session),
    limits: { maxRooms: config.MAX_ROOMS, maxRoomSize: config.MAX_ROOM_SIZE },
  });
  announceMedia({ media, rooms, registry, liveness });

  const registrar = new Registrar({ directory, rooms });
  const steps = departureSteps({ rooms, registrar, registry, liveness, events: lifecycle });
  const reaper = new Reaper({ clock, events: lifecycle, steps });
  releasers.add("reaper", () => reaper.close());
  const admission = new Admission({
    rooms,
    media,
    registrar,
    sessions,
    events: lifecycle,
    policy: config.MULTI_TAB_POLICY,
    end: (session, departure) => reaper.end(session, departure),
  });
  const sweeper = new Sweeper({ clock, time, registry, liveness, reaper, lifecycle, events: sweeps });
  const reconciler = new Reconciler({ registry, rooms, media, directory });
  const recentlyReaped = new RecentlyReaped(clock, config.HEARTBEAT_INTERVAL_MS);

  const watch = new SocketWatch({
    time,
    helloTimeoutMs: config.HELLO_TIMEOUT_MS,
    pingIntervalMs: config.SOCKET_PING_INTERVAL_MS,
  });
  const gateway: Gateway = new Gateway({
    log,
    clock,
    watch,
    sessions,
    liveness,
    hello: helloHandler({
      authenticate: config.AUTH_MODE === "jwt" ? verifyJwt(config.JWT_SECRET ?? "") : trustEverybody,
      sessions,
      registry,
      rooms,
      nodeId: config.NODE_ID,
      heartbeat: {
        intervalMs: config.HEARTBEAT_INTERVAL_MS,
        idleTimeoutMs: config.IDLE_TIMEOUT_MS,
        sweepIntervalMs: config.SWEEP_INTERVAL_MS,
        resumeGraceMs: config.RESUME_GRACE_MS,
      },
      ownerChanged: (session) => admission.record(session),
    }),
    handlers: { ...roomHandlers({ admission, rooms, reaper }), ...mediaHandlers },
    limits: { messagesPerSecond: config.MAX_MESSAGES_PER_SECOND, connections: config.MAX_CONNECTIONS },
    heartbeatGap: (gapMs) => metrics.observeHeartbeatGap(gapMs),
  });

  const timeline = new Timeline();
  const metrics = new Metrics(readSources({ registry, liveness, reaper, reconciler, time, rooms, media, gateway }), {
    version: VERSION,
    nodeVersion: process.version,
    nodeId: config.NODE_ID,
  });
  releasers.add("metrics", () => metrics.close());
  new Journal({ log, clock, timeline }).follow(lifecycle, sweeps);
  metrics.follow(lifecycle, sweeps);
  lifecycle.on("away", ({ session, cause }) => rooms.showAway(session, cause));
  lifecycle.on("back", ({ session, cause }) => rooms.showBack(session, cause));
  lifecycle.on("ended", ({ session, cause }) => {
    if (cause === "silent") recentlyReaped.add(session.id);
  });
  lifecycle.on("resume_refused", ({ sessionId }) => {
    if (recentlyReaped.take(sessionId)) metrics.countFalseEviction();
  });
  media.on("worker_died", () => metrics.countWorkerDeath());

  let closing = false;
  const httpOptions: HttpOptions = {
    log,
    origins: config.ORIGINS,
    version: VERSION,
    docs: config.ENVIRONMENT === "development",
    adminToken: config.ADMIN_TOKEN,
    adminOpen: config.ENVIRONMENT !== "production",
    metricsToken: config.METRICS_TOKEN,
    metrics: { contentType: metrics.contentType, expose: () => metrics.expose() },
    openRoutes: [
      healthRoutes({
        version: VERSION,
        nodeId: config.NODE_ID,
        counts: () => ({
          connectedUsers: registry.userCount,
          busyUsers: 0,
          activeCalls: 0,
          sessions: registry.size,
          ghosts: liveness.overdue().sessions.length,
          rooms: rooms.size,
        }),
        checks: () => ({ media: !media.enabled ? "off" : media.available ? "ok" : "failing", redis: "off" }),
        isReady: () => !closing,
      }),
      beaconRoute((sessionId, resumeToken) => sessions.goodbye(sessionId, resumeToken)),
    ],
    adminRoutes: [
      roomRoutes({ rooms, reaper }),
      sessionRoutes({ registry, liveness, reaper, timeline }),
      cleanupRoute({
        sweep: () => sweeper.sweep({ force: true }),
        reconcile: () => reconciler.reconcile(),
      }),
    ],
  };
  const http = await createHttpServer(httpOptions);
  releasers.add("sessions", async () => {
    await Promise.all([...registry.all()].map((session) => reaper.end(session, { reason: "shutdown" })));
  });
  releasers.add("http", () => http.close());
  await registerWebSocket(http, { gateway, origins: config.ORIGINS, reconnectSpreadMs: RECONNECT_SPREAD_MS });
  await registerRoutes(http, httpOptions);
  await http.ready();

  const loopFailed = (name: string) => (error: unknown) => log.error({ err: error }, `${name} failed`);
  const watchLoop = new Loop({
    clock,
    intervalMs: WATCH_INTERVAL_MS,
    task: async () => {
      await sweeper.watch();
      watch.advance();
    },
    onError: loopFailed("watch"),
  });
  const sweepLoop = new Loop({
    clock,
    intervalMs: config.SWEEP_INTERVAL_MS,
    task: async () => {
      const { result } = await sweeper.sweep();
      if (result === "held") clock.after(HOLD_MS, () => void sweepLoop.runNow());
    },
    onError: loopFailed("sweep"),
  });
  releasers.add("loops", async () => {
    closing = true;
    await Promise.all([watchLoop.close(), sweepLoop.close()]);
  });
  watchLoop.start();
  sweepLoop.start();

  return {
    http,
    registry,
    rooms,
    media,
    reaper,
    sweeper,
    gateway,
    timeline,
    async listen() {
      await http.listen({ port: config.PORT, host: config.HOST });
      return (http.server.address() as AddressInfo).port;
    },
    close: () => releasers.close(),
  };
}

/** Deadlines that are no settings: they belong to the evidence, not to the product. */
function policyOf(config: Config): LivenessPolicy {
  return {
    awayAfterMs: config.AWAY_AFTER_MS,
    idleTimeoutMs: config.IDLE_TIMEOUT_MS,
    resumeGraceMs: config.RESUME_GRACE_MS,
    reloadGraceMs: config.RELOAD_GRACE_MS,
    announceAfterMs: 1_000,
    mediaLostGraceMs: 10_000,
    probeAnswerMs: 10_000,
    pageStoppedAfterMs: 30_000,
  };
}
