/**
 * The domain put together, from the socket to the media, on ports: a clock, a directory, a media plane, a log. Whoever
 * brings these (a server of its own, somebody else's Fastify application, a simulation) gets the same service.
 */
import type { Logger } from "pino";
import type { Cluster } from "../cluster/cluster.js";
import type { ClusterEvents } from "../cluster/events.js";
import { createTelephony, type Telephony } from "../call/telephony.js";
import type { Authenticate } from "../gateway/authenticate.js";
import { Gateway, type GatewayLog } from "../gateway/gateway.js";
import { callHandlers, guardCallRooms } from "../gateway/handlers/call.js";
import { helloHandler, type HeartbeatTerms } from "../gateway/handlers/hello.js";
import { mediaHandlers } from "../gateway/handlers/media.js";
import { roomHandlers } from "../gateway/handlers/room.js";
import { SocketWatch } from "../gateway/socket-watch.js";
import type { Clock } from "../kernel/clock.js";
import { Emitter } from "../kernel/emitter.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { joinCluster } from "./join-cluster.js";
import { Journal } from "../observability/journal.js";
import { readSources } from "../observability/read-sources.js";
import type { MetricSources } from "../observability/sources.js";
import { Timeline } from "../observability/timeline.js";
import type { CleanupStep } from "../reaper/cleanup.js";
import { Reaper } from "../reaper/reaper.js";
import { Reconciler } from "../reaper/reconciler.js";
import { departureSteps } from "../reaper/steps.js";
import { Sweeper, type SweeperEvents } from "../reaper/sweeper.js";
import { LONGEST_STEP_MS } from "./loops.js";
import { Admission } from "../room/admission.js";
import type { DuplicatePolicy } from "../room/duplicates.js";
import { announceMedia } from "../room/media-announcer.js";
import { DirectorySync } from "../room/directory-sync.js";
import { Rooms } from "../room/rooms.js";
import type { LifecycleEvents } from "../session/events.js";
import { Liveness } from "../session/liveness.js";
import type { Bus } from "../ports/bus.js";
import type { CallStore } from "../ports/call-store.js";
import type { Directory } from "../ports/directory.js";
import type { MediaKind, MediaPlane } from "../ports/media-plane.js";
import { SessionRegistry } from "../session/registry.js";
import { Sessions } from "../session/sessions.js";
import type { LivenessPolicy } from "../session/verdict.js";
import { VirtualTime } from "../kernel/virtual-time.js";

/** What a deployment chooses; durations in milliseconds. */
export interface ServiceSettings {
  nodeId: string;
  /** What it takes to be one of many nodes; undefined: this one is alone. */
  cluster: { url: string | undefined; random: () => number } | undefined;
  policy: LivenessPolicy;
  heartbeat: HeartbeatTerms;
  helloTimeoutMs: number;
  socketPingIntervalMs: number;
  multiTabPolicy: DuplicatePolicy;
  /** How long an unanswered call rings. */
  ringTimeoutMs: number;
  limits: { maxRooms: number; maxRoomSize: number; connections: number; messagesPerSecond: number };
}

/** What comes from outside. */
export interface ServicePorts {
  clock: Clock;
  directory: Directory;
  bus: Bus;
  calls: CallStore;
  media: MediaPlane;
  authenticate: Authenticate;
  /** Where each step of a session's life is written. */
  journal: Logger;
  /** Where refused requests and ended sockets are written. */
  log: GatewayLog;
  /** Told of a listener that threw. */
  listenerFailed: (error: unknown, event: PropertyKey) => void;
  /** Told the time between a session's last sign and its heartbeat. */
  heartbeatGap: (gapMs: number) => void;
  /** Told of every media object that was closed for want of a session. */
  orphanClosed: (kind: MediaKind) => void;
}

/** What a test puts in the place of the real parts. */
export interface Variants {
  VirtualTime?: new (clock: Clock, longestStepMs: number) => VirtualTime;
  Sessions?: typeof Sessions;
  Rooms?: typeof Rooms;
  SocketWatch?: typeof SocketWatch;
  /** Further steps of every cleanup, after the real ones. */
  cleanupSteps?: readonly CleanupStep[];
}

/** The parts of a running service. */
export interface Service {
  readonly lifecycle: Emitter<LifecycleEvents>;
  readonly sweeps: Emitter<SweeperEvents>;
  readonly time: VirtualTime;
  readonly registry: SessionRegistry;
  readonly liveness: Liveness;
  readonly sessions: Sessions;
  readonly rooms: Rooms;
  readonly admission: Admission;
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly reconciler: Reconciler;
  readonly sockets: SocketWatch;
  readonly gateway: Gateway;
  readonly telephony: Telephony;
  readonly timeline: Timeline;
  readonly sources: MetricSources;
  readonly clusterEvents: Emitter<ClusterEvents>;
  /** Undefined when this node is alone. */
  readonly cluster: Cluster | undefined;
  /** Ends every session as `shutdown`; resolves after the first attempt at each cleanup. */
  endSessions(): Promise<void>;
}

/** @param disposals gets what has to be closed, in the order in which it was opened */
export function createService(
  settings: ServiceSettings,
  ports: ServicePorts,
  disposals: DisposalStack,
  variants: Variants = {},
): Service {
  const { clock, directory, bus, media } = ports;
  const lifecycle = new Emitter<LifecycleEvents>(ports.listenerFailed);
  const sweeps = new Emitter<SweeperEvents>(ports.listenerFailed);

  const time = new (variants.VirtualTime ?? VirtualTime)(clock, LONGEST_STEP_MS);
  const registry = new SessionRegistry();
  const liveness = new Liveness({ clock, time, policy: settings.policy, events: lifecycle });
  const sessions = new (variants.Sessions ?? Sessions)({ clock, time, registry, liveness, events: lifecycle });
  const rooms = new (variants.Rooms ?? Rooms)({
    clock,
    lastSeenAt: (session) => liveness.lastSeenAt(session),
    limits: settings.limits,
  });
  announceMedia({ media, rooms, registry, liveness });
  lifecycle.on("away", ({ session, cause }) => rooms.showAway(session, cause));
  lifecycle.on("back", ({ session, cause }) => rooms.showBack(session, cause));

  const directorySync = new DirectorySync({
    directory,
    rooms,
    events: lifecycle,
    isSettled: (): boolean => cluster?.isSettled ?? true,
  });
  for (const step of ["opened", "resumed", "joined", "transferred", "adopted"] as const) {
    lifecycle.on(step, ({ session }) => void directorySync.record(session));
  }
  const steps = [
    ...departureSteps({ rooms, directorySync, registry, liveness, events: lifecycle }),
    ...(variants.cleanupSteps ?? []),
  ];
  const reaper = new Reaper({ clock, events: lifecycle, steps });
  disposals.defer("reaper", () => reaper.close());
  const admission = new Admission({
    rooms,
    media,
    directorySync,
    sessions,
    events: lifecycle,
    policy: settings.multiTabPolicy,
    end: (session, departure) => reaper.end(session, departure),
  });
  const telephony = createTelephony({
    clock,
    store: ports.calls,
    directory,
    bus,
    registry,
    events: lifecycle,
    ringTimeoutMs: settings.ringTimeoutMs,
  });
  disposals.defer("telephony", () => telephony.close());
  const { calls, statuses } = telephony;
  const sweeper = new Sweeper({ clock, time, registry, liveness, reaper, lifecycle, events: sweeps });
  const reconciler = new Reconciler({
    registry,
    rooms,
    media,
    directory,
    orphanClosed: ports.orphanClosed,
  });

  const sockets = new (variants.SocketWatch ?? SocketWatch)({
    time,
    helloTimeoutMs: settings.helloTimeoutMs,
    pingIntervalMs: settings.socketPingIntervalMs,
  });
  const inRooms = roomHandlers({
    admission,
    rooms,
    reaper,
    metadataChanged: (session) => void directorySync.record(session),
  });
  const gateway = new Gateway({
    log: ports.log,
    clock,
    watch: sockets,
    sessions,
    liveness,
    hello: helloHandler({
      authenticate: ports.authenticate,
      sessions,
      registry,
      rooms,
      nodeId: settings.nodeId,
      heartbeat: settings.heartbeat,
      calls: { snapshotOf: (session) => calls.news.snapshotOf(session), settled: (session) => calls.settled(session) },
      locate: settings.cluster && ((sessionId) => directory.findSession(sessionId)),
      isStoreAway: () => cluster?.isStoreAway ?? false,
    }),
    handlers: {
      ...inRooms,
      join: guardCallRooms(telephony, inRooms.join),
      ...mediaHandlers,
      ...callHandlers({ calls, statuses }),
    },
    limits: settings.limits,
    heartbeatGap: ports.heartbeatGap,
  });

  const clusterEvents = new Emitter<ClusterEvents>(ports.listenerFailed);
  const cluster: Cluster | undefined =
    settings.cluster &&
    joinCluster(
      { ...settings.cluster, clock, directory, bus, media, sessions, registry, rooms, directorySync, reaper },
      {
        lifecycle,
        clusterEvents,
      },
    );
  if (cluster) {
    disposals.defer("cluster", () => cluster.close());
    sweeps.on("stalled", ({ lateMs }) => cluster.stalled(lateMs));
  }

  const timeline = new Timeline();
  new Journal({ log: ports.journal, clock, timeline, nodeId: settings.nodeId }).follow(lifecycle, sweeps);
  // After the journal, so that what ends a session is written before its end.
  lifecycle.on("given_up", ({ session, why }) => void reaper.end(session, { reason: "node_lost", givenUp: why }));
  const sources = readSources({ registry, liveness, reaper, reconciler, time, rooms, media, gateway, calls });
  return {
    lifecycle,
    sweeps,
    time,
    registry,
    liveness,
    sessions,
    rooms,
    admission,
    reaper,
    sweeper,
    reconciler,
    sockets,
    gateway,
    telephony,
    timeline,
    sources,
    clusterEvents,
    cluster,
    async endSessions() {
      await Promise.all([...registry.all()].map((session) => reaper.end(session, { reason: "shutdown" })));
    },
  };
}
