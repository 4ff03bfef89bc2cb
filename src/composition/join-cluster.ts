import { Cluster } from "../cluster/cluster.js";
import type { ClusterEvents } from "../cluster/events.js";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Reaper } from "../reaper/reaper.js";
import { Adoption } from "../room/adoption.js";
import type { DirectorySync } from "../room/directory-sync.js";
import type { Rooms } from "../room/rooms.js";
import type { Bus } from "../ports/bus.js";
import type { Directory } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { MediaPlane } from "../ports/media-plane.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Sessions } from "../session/sessions.js";

/** Makes this node one of many: gives the cluster its hands in the sessions and rooms that are here. */
export function joinCluster(
  parts: {
    url: string | undefined;
    random: () => number;
    clock: Clock;
    directory: Directory;
    bus: Bus;
    media: MediaPlane;
    sessions: Sessions;
    registry: SessionRegistry;
    rooms: Rooms;
    directorySync: DirectorySync;
    reaper: Reaper;
  },
  events: { lifecycle: Emitter<LifecycleEvents>; clusterEvents: Emitter<ClusterEvents> },
): Cluster {
  const { url, random, clock, directory, bus, media, sessions, registry, rooms, directorySync, reaper } = parts;
  const adoption = new Adoption({ rooms, media, sessions, directory, events: events.lifecycle });
  return new Cluster({
    clock,
    directory,
    bus,
    url,
    random,
    events: events.clusterEvents,
    local: {
      sessions: () => [...registry.all()].filter(({ status }) => status === "open"),
      rooms: () => [...rooms.all()].map(({ id }) => id),
      counts: () => ({ sessions: registry.size, rooms: rooms.size }),
      knows: (sessionId) =>
        registry.find(sessionId) !== undefined ||
        reaper.isEnding(sessionId) ||
        directorySync.hasUnremovedEntry(sessionId),
      removeEndedEntries: () => directorySync.removeEndedEntries(),
      record: (session) => directorySync.record(session),
      reclaimRoom: (roomId) => directorySync.reclaimRoom(roomId),
      releaseIfEmpty: (roomId) => directorySync.releaseIfEmpty(roomId),
      adopt: (entries, fromNodeId) => adoption.adopt(entries, fromNodeId),
      giveUp: (session, why) => events.lifecycle.emit("given_up", { session, why }),
    },
  });
}
