import { signsFor, type Core } from "../../../src/composition/core.js";
import { LONGEST_STEP_MS } from "../../../src/composition/loops.js";
import type { ServiceSettings } from "../../../src/composition/settings.js";
import type { Clock } from "../../../src/kernel/clock.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import { VirtualTime } from "../../../src/kernel/virtual-time.js";
import { Rooms } from "../../../src/room/rooms.js";
import { Liveness } from "../../../src/session/liveness.js";
import type { LivenessPolicy } from "../../../src/session/verdict.js";
import { ProbePace } from "../../../src/session/probe-pace.js";
import { SessionRegistry } from "../../../src/session/registry.js";
import { Sessions } from "../../../src/session/sessions.js";
import { WatchedSockets } from "./watched-sockets.js";

/** Parts that a mutation uses instead of the real ones. */
export interface CoreVariants {
  VirtualTime?: new (clock: Clock, longestStepMs: number) => VirtualTime;
  Sessions?: typeof Sessions;
  Rooms?: typeof Rooms;
  Liveness?: typeof Liveness;
  ProbePace?: typeof ProbePace;
  /** Takes the place of the deadlines that the settings give. */
  policy?: Partial<LivenessPolicy>;
}

export interface SimulatedCore extends Core {
  readonly sockets: WatchedSockets;
}

/** Builds the core as the service does, from the real parts or from those of a mutation, with sockets that can be watched. */
export function createSimulatedCore(
  settings: ServiceSettings,
  clock: Clock,
  listenerFailed: (error: unknown, event: PropertyKey) => void,
  variants: CoreVariants,
): SimulatedCore {
  const lifecycle: Core["lifecycle"] = new Emitter(listenerFailed);
  const time = new (variants.VirtualTime ?? VirtualTime)(clock, LONGEST_STEP_MS);
  const registry = new SessionRegistry();
  const pace = new (variants.ProbePace ?? ProbePace)(settings.probes.intervals, settings.probes.budgetPerSecond);
  const policy = { ...settings.policy, ...variants.policy };
  const liveness = new (variants.Liveness ?? Liveness)({ clock, time, policy, pace, events: lifecycle });
  return {
    lifecycle,
    sweeps: new Emitter(listenerFailed),
    clusterEvents: new Emitter(listenerFailed),
    time,
    registry,
    pace,
    liveness,
    sessions: new (variants.Sessions ?? Sessions)({ clock, time, registry, liveness, events: lifecycle }),
    rooms: new (variants.Rooms ?? Rooms)({
      clock,
      lastSeenAt: (session) => liveness.lastSeenAt(session),
      listed: (session, roomId) => lifecycle.emit("listed", { session, roomId }),
      limits: settings.limits,
    }),
    sockets: new WatchedSockets({
      time,
      helloTimeoutMs: settings.helloTimeoutMs,
      pingIntervalMs: settings.socketPingIntervalMs,
      watchedPace: pace,
      signs: signsFor(liveness),
    }),
  };
}
