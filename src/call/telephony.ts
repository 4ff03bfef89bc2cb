/** Everything about calls and statuses on one node, put together on its ports. */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../session/bus.js";
import type { CallStore } from "../session/call-store.js";
import type { Directory } from "../session/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
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

/** @param options `ringTimeoutMs`: how long an unanswered call rings */
export function createTelephony(options: {
  clock: Clock;
  store: CallStore;
  directory: Directory;
  bus: Bus;
  registry: SessionRegistry;
  events: Emitter<LifecycleEvents>;
  ringTimeoutMs: number;
}): Telephony {
  const { clock, store, directory, bus, registry, events, ringTimeoutMs } = options;
  const presence = new Presence({ registry, directory });
  const calls = new Calls({ clock, store, bus, registry, presence, events, ringTimeoutMs });
  const statuses = new StatusBoard({ clock, derive: (userId) => calls.statusOf(userId) });
  const unfollow = followStatuses({ board: statuses, bus, presence, events });
  return {
    calls,
    statuses,
    relocation: new Relocation({ directory, bus, events }),
    async close() {
      unfollow();
      await calls.close();
      statuses.close();
    },
  };
}
