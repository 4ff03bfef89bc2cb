/** Everything about calls and statuses on one node, put together on its ports. */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../session/bus.js";
import type { CallStore } from "../session/call-store.js";
import type { Directory } from "../session/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import { CallArrivals } from "./call-arrivals.js";
import { CallDepartures } from "./call-departures.js";
import { CallDoubts } from "./call-doubts.js";
import { CallEndings } from "./call-endings.js";
import { CallErrands } from "./call-errands.js";
import { followCalls } from "./call-events.js";
import { CallKeeper } from "./call-keeper.js";
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
  const errands = new CallErrands(events);
  const limit = new CallLimit();
  const news = new CallNews({ ...ports, ringOver: (callId) => errands.run(departures.ringOver(callId)) });
  const keeper = new CallKeeper({
    clock,
    store,
    held: () => news.held(),
    over: (callId) => doubts.foundOver(callId),
    revived: (calls) => {
      for (const { caller, callee } of calls) events.emit("call_changed", { userIds: [caller.userId, callee.userId] });
    },
    tidy: () => {
      limit.sweep(clock.mono());
      news.tidy();
    },
    failed: (error) => errands.failed("hold", error),
  });
  const doubts = new CallDoubts({ store, news, keeper, errands });
  const endings = new CallEndings({ store, news, keeper, doubts, errands, events });
  const departures = new CallDepartures({ ...ports, news, endings, doubts });
  const arrivals = new CallArrivals({ clock, store, news, keeper, departures, errands });
  const rooms = new CallRooms({ ...ports, news, errands });
  const starts = new CallStarts({ ...ports, news, keeper, endings, departures, arrivals, errands, limit });
  const calls = new Calls({ ...ports, news, starts, endings, rooms, arrivals, doubts, errands });
  const unfollow = followCalls({ ...ports, news, arrivals, departures, doubts, errands });
  keeper.start();
  return {
    calls,
    async close() {
      unfollow();
      await keeper.close();
      await errands.close();
      news.book.clear();
    },
  };
}
