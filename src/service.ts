/**
 * The domain put together, from the socket to the media, on ports: a clock, a directory, a media plane, a log. Whoever
 * brings these (a server of its own, somebody else's Fastify application, a simulation) gets the same service.
 */
import type { Logger } from "pino";
import type { Authenticate } from "./gateway/authenticate.js";
import { Gateway, type GatewayLog } from "./gateway/gateway.js";
import { helloHandler, type HeartbeatTerms } from "./gateway/handlers/hello.js";
import { mediaHandlers } from "./gateway/handlers/media.js";
import { roomHandlers } from "./gateway/handlers/room.js";
import { SocketWatch } from "./gateway/socket-watch.js";
import type { Clock } from "./kernel/clock.js";
import { Emitter } from "./kernel/emitter.js";
import type { Releasers } from "./kernel/releasers.js";
import { Journal } from "./observability/journal.js";
import { readSources } from "./observability/read-sources.js";
import type { MetricSources } from "./observability/sources.js";
import { Timeline } from "./observability/timeline.js";
import { Reaper } from "./reaper/reaper.js";
import { Reconciler } from "./reaper/reconciler.js";
import { departureSteps } from "./reaper/steps.js";
import { Sweeper, type SweeperEvents } from "./reaper/sweeper.js";
import { LONGEST_STEP_MS } from "./rhythm.js";
import { Admission } from "./room/admission.js";
import type { DuplicatePolicy } from "./room/duplicates.js";
import { announceMedia } from "./room/media-announcer.js";
import { Registrar } from "./room/registrar.js";
import { Rooms } from "./room/rooms.js";
import type { LifecycleEvents } from "./session/events.js";
import { Liveness } from "./session/liveness.js";
import type { Directory, MediaPlane } from "./session/ports.js";
import { SessionRegistry } from "./session/registry.js";
import { Sessions } from "./session/sessions.js";
import type { LivenessPolicy } from "./session/verdict.js";
import { VirtualTime } from "./session/virtual-time.js";

/** What a deployment chooses; durations in milliseconds. */
export interface ServiceSettings {
  nodeId: string;
  policy: LivenessPolicy;
  heartbeat: HeartbeatTerms;
  helloTimeoutMs: number;
  socketPingIntervalMs: number;
  multiTabPolicy: DuplicatePolicy;
  limits: { maxRooms: number; maxRoomSize: number; connections: number; messagesPerSecond: number };
}

/** What comes from outside. */
export interface ServicePorts {
  clock: Clock;
  directory: Directory;
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
}

/** Classes that a test puts in the place of the real ones. */
export interface Variants {
  VirtualTime?: new (clock: Clock, longestStepMs: number) => VirtualTime;
  Sessions?: typeof Sessions;
  Rooms?: typeof Rooms;
  SocketWatch?: typeof SocketWatch;
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
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly reconciler: Reconciler;
  readonly sockets: SocketWatch;
  readonly gateway: Gateway;
  readonly timeline: Timeline;
  readonly sources: MetricSources;
  /** Ends every session as `shutdown`; resolves after the first attempt at each cleanup. */
  endSessions(): Promise<void>;
}

/** @param releasers gets what has to be closed, in the order in which it was opened */
export function createService(
  settings: ServiceSettings,
  ports: ServicePorts,
  releasers: Releasers,
  variants: Variants = {},
): Service {
  const { clock, directory, media } = ports;
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
    policy: settings.multiTabPolicy,
    end: (session, departure) => reaper.end(session, departure),
  });
  const sweeper = new Sweeper({ clock, time, registry, liveness, reaper, lifecycle, events: sweeps });
  const reconciler = new Reconciler({ registry, rooms, media, directory });

  const sockets = new (variants.SocketWatch ?? SocketWatch)({
    time,
    helloTimeoutMs: settings.helloTimeoutMs,
    pingIntervalMs: settings.socketPingIntervalMs,
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
      ownerChanged: (session) => admission.record(session),
    }),
    handlers: { ...roomHandlers({ admission, rooms, reaper }), ...mediaHandlers },
    limits: settings.limits,
    heartbeatGap: ports.heartbeatGap,
  });

  const timeline = new Timeline();
  new Journal({ log: ports.journal, clock, timeline }).follow(lifecycle, sweeps);
  const sources = readSources({ registry, liveness, reaper, reconciler, time, rooms, media, gateway });
  return {
    lifecycle,
    sweeps,
    time,
    registry,
    liveness,
    sessions,
    rooms,
    reaper,
    sweeper,
    reconciler,
    sockets,
    gateway,
    timeline,
    sources,
    async endSessions() {
      await Promise.all([...registry.all()].map((session) => reaper.end(session, { reason: "shutdown" })));
    },
  };
}
