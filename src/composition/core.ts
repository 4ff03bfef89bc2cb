import type { ClusterEvents } from "../cluster/events.js";
import { SocketWatch } from "../gateway/socket-watch.js";
import type { Clock } from "../kernel/clock.js";
import { Emitter } from "../kernel/emitter.js";
import { VirtualTime } from "../kernel/virtual-time.js";
import type { SweeperEvents } from "../reaper/sweeper.js";
import { Rooms } from "../room/rooms.js";
import type { LifecycleEvents } from "../session/events.js";
import { Liveness } from "../session/liveness.js";
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
  readonly liveness: Liveness;
  readonly sessions: Sessions;
  readonly rooms: Rooms;
  readonly sockets: SocketWatch;
}

export function createCore(settings: ServiceSettings, clock: Clock, listenerFailed: ListenerFailed): Core {
  const lifecycle = new Emitter<LifecycleEvents>(listenerFailed);
  const time = new VirtualTime(clock, LONGEST_STEP_MS);
  const registry = new SessionRegistry();
  const liveness = new Liveness({ clock, time, policy: settings.policy, events: lifecycle });
  return {
    lifecycle,
    sweeps: new Emitter<SweeperEvents>(listenerFailed),
    clusterEvents: new Emitter<ClusterEvents>(listenerFailed),
    time,
    registry,
    liveness,
    sessions: new Sessions({ clock, time, registry, liveness, events: lifecycle }),
    rooms: new Rooms({
      clock,
      lastSeenAt: (session) => liveness.lastSeenAt(session),
      limits: settings.limits,
    }),
    sockets: new SocketWatch({
      time,
      helloTimeoutMs: settings.helloTimeoutMs,
      pingIntervalMs: settings.socketPingIntervalMs,
    }),
  };
}
