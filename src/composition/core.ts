import type { ClusterEvents } from "../cluster/events.js";
import { SocketWatch, type SocketSigns } from "../gateway/socket-watch.js";
import type { Clock } from "../kernel/clock.js";
import { Emitter } from "../kernel/emitter.js";
import { VirtualTime } from "../kernel/virtual-time.js";
import type { SweeperEvents } from "../reaper/sweeper.js";
import { Rooms } from "../room/rooms.js";
import type { LifecycleEvents } from "../session/events.js";
import { Liveness } from "../session/liveness.js";
import { ProbePace } from "../session/probe-pace.js";
import { SessionRegistry } from "../session/registry.js";
import { Sessions } from "../session/sessions.js";
import { LONGEST_STEP_MS } from "./loops.js";
import type { ListenerFailed } from "./service-ports.js";
import type { ServiceSettings } from "./settings.js";

/**
 * Who is here: the sessions, rooms and sockets of this node, the time in which their deadlines run, and the events that
 * tell of them. All other parts of the service read and change these, so these are made first.
 */
export interface Core {
  readonly lifecycle: Emitter<LifecycleEvents>;
  readonly sweeps: Emitter<SweeperEvents>;
  readonly clusterEvents: Emitter<ClusterEvents>;
  readonly time: VirtualTime;
  readonly registry: SessionRegistry;
  readonly pace: ProbePace;
  readonly liveness: Liveness;
  readonly sessions: Sessions;
  readonly rooms: Rooms;
  readonly sockets: SocketWatch;
}

export function createCore(settings: ServiceSettings, clock: Clock, listenerFailed: ListenerFailed): Core {
  const lifecycle = new Emitter<LifecycleEvents>(listenerFailed);
  const time = new VirtualTime(clock, LONGEST_STEP_MS);
  const registry = new SessionRegistry();
  const pace = new ProbePace(settings.probes.intervals, settings.probes.budgetPerSecond);
  const liveness = new Liveness({ clock, time, policy: settings.policy, pace, events: lifecycle });
  return {
    lifecycle,
    sweeps: new Emitter<SweeperEvents>(listenerFailed),
    clusterEvents: new Emitter<ClusterEvents>(listenerFailed),
    time,
    registry,
    pace,
    liveness,
    sessions: new Sessions({ clock, time, registry, liveness, events: lifecycle }),
    rooms: new Rooms({
      clock,
      lastSeenAt: (session) => liveness.lastSeenAt(session),
      listed: (session, roomId) => lifecycle.emit("listed", { session, roomId }),
      limits: settings.limits,
    }),
    sockets: new SocketWatch({
      time,
      helloTimeoutMs: settings.helloTimeoutMs,
      pingIntervalMs: settings.socketPingIntervalMs,
      watchedPace: pace,
      signs: signsFor(liveness),
    }),
  };
}

/** Brings what the sockets tell to the evidence of their sessions. */
export function signsFor(liveness: Liveness): SocketSigns {
  return {
    silent(connection) {
      const { session } = connection;
      if (session?.isOwnedBy(connection)) liveness.socketSilent(session);
      else connection.destroy("silent, and of no use any more");
    },
    answers(connection) {
      const { session } = connection;
      if (session?.isOwnedBy(connection)) liveness.socketAnswers(session);
    },
  };
}
