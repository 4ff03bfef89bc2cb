/** Everything about calls and statuses on one node, put together on its ports. */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { CallStore } from "../ports/call-store.js";
import type { Directory } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import { CallArrivals } from "./call-arrivals.js";
import { CallDepartures } from "./call-departures.js";
import { CallReconciler } from "./call-reconciler.js";
import { CallEndings } from "./call-endings.js";
import { BackgroundTasks } from "./background-tasks.js";
import { followCalls } from "./call-events.js";
import { CallLeaseRenewer } from "./call-lease-renewer.js";
import { CallLimit } from "./call-limit.js";
import { CallNews } from "./call-news.js";
import { CallRooms } from "./call-rooms.js";
import { CallStarts } from "./call-starts.js";
import { Calls } from "./calls.js";
import { Presence } from "./presence.js";
import { Relocation } from "./relocation.js";
import { StatusBoard } from "./status-board.js";
import { followStatuses } from "./status-news.js";

export interface Telephony {
  readonly calls: Calls;
  readonly statuses: StatusBoard;
  readonly relocation: Relocation;
  /** Ends after the sessions have: their calls end with them. The store is closed by its owner, later. */
  close(): Promise<void>;
}

interface Ports {
  clock: Clock;
  store: CallStore;
  directory: Directory;
  bus: Bus;
  registry: SessionRegistry;
  events: Emitter<LifecycleEvents>;
  /** How long an unanswered call rings. */
  ringTimeoutMs: number;
}

export function createTelephony(ports: Ports): Telephony {
  const { clock, directory, bus, registry, events } = ports;
  const presence = new Presence({ registry, directory });
  const { calls, close } = createCalls({ ...ports, presence });
  const statuses = new StatusBoard({ clock, derive: (userId) => calls.statusOf(userId) });
  const unfollow = followStatuses({ board: statuses, bus, presence, events });
  return {
    calls,
    statuses,
    relocation: new Relocation({ directory, bus, events }),
    async close() {
      unfollow();
      await close();
      statuses.close();
    },
  };
}

/** @returns `close` resolves when everything that was begun is done; nothing is told any more after it */
function createCalls(ports: Ports & { presence: Presence }): { calls: Calls; close: () => Promise<void> } {
  const { clock, store, events } = ports;
  const tasks = new BackgroundTasks(events);
  const limit = new CallLimit();
  const news = new CallNews({ ...ports, ringOver: (callId) => tasks.run(departures.ringOver(callId)) });
  const leases = new CallLeaseRenewer({
    clock,
    store,
    held: () => news.held(),
    over: (callId) => reconciler.foundOver(callId),
    revived: (calls) => {
      for (const { caller, callee } of calls) events.emit("call_changed", { userIds: [caller.userId, callee.userId] });
    },
    tidy: () => {
      limit.sweep(clock.mono());
      news.tidy();
    },
    failed: (error) => tasks.failed("hold", error),
  });
  const reconciler = new CallReconciler({ store, news, leases, tasks });
  const endings = new CallEndings({ store, news, leases, reconciler, tasks, events });
  const departures = new CallDepartures({ ...ports, news, endings, reconciler });
  const arrivals = new CallArrivals({ clock, store, news, leases, departures, tasks });
  const rooms = new CallRooms({ ...ports, news, tasks });
  const starts = new CallStarts({ ...ports, news, leases, endings, departures, arrivals, tasks, limit });
  const calls = new Calls({ ...ports, news, starts, endings, rooms, arrivals, reconciler, tasks });
  const unfollow = followCalls({ ...ports, news, arrivals, departures, reconciler, tasks });
  leases.start();
  return {
    calls,
    async close() {
      unfollow();
      await leases.close();
      await tasks.close();
      news.book.clear();
    },
  };
}
