import { Cluster } from "../cluster/cluster.js";
import type { LocalState } from "../cluster/local-state.js";
import type { Membership } from "../cluster/membership.js";
import type { Clock } from "../kernel/clock.js";
import type { Bus } from "../ports/bus.js";
import type { Directory } from "../ports/directory.js";
import type { Reaper } from "../reaper/reaper.js";
import type { Adoption } from "../room/adoption.js";
import type { DirectorySync } from "../room/directory-sync.js";
import type { Core } from "./core.js";

interface Parts {
  membership: Membership;
  clock: Clock;
  random: () => number;
  directory: Directory;
  bus: Bus;
  core: Core;
  adoption: Adoption;
  directorySync: DirectorySync;
  reaper: Reaper;
  rebalancePerSecond: number;
}

/** Makes this node one of many: the cluster reads and changes the sessions and rooms that are here. */
export function createCluster(parts: Parts): Cluster {
  const { membership, clock, random, directory, bus, core, rebalancePerSecond } = parts;
  const local = localState(parts);
  const events = core.clusterEvents;
  const cluster = new Cluster({ membership, clock, random, directory, bus, local, events, rebalancePerSecond });
  core.lifecycle.on("perhaps_elsewhere", ({ session }) => cluster.perhapsGiven(session));
  core.sweeps.on("stalled", ({ lateMs }) => cluster.stalled(lateMs));
  return cluster;
}

function localState({ core, adoption, directorySync, reaper }: Parts): LocalState {
  const { lifecycle, registry, rooms } = core;
  return {
    sessions: () => [...registry.all()].filter(({ status }) => status === "open"),
    rooms: () => [...rooms.all()].map(({ id }) => id),
    membersOf: (roomId) => [...(rooms.find(roomId)?.members.values() ?? [])],
    counts: () => ({ sessions: registry.size, rooms: rooms.size }),
    knows: (entry) =>
      registry.find(entry.sessionId) !== undefined ||
      reaper.isEnding(entry.sessionId) ||
      directorySync.isOfEnded(entry),
    removeEndedEntries: (found) => directorySync.removeEndedEntries(found),
    record: (session) => directorySync.record(session),
    reclaimRoom: (roomId) => directorySync.reclaimRoom(roomId),
    releaseIfEmpty: (roomId) => directorySync.releaseIfEmpty(roomId),
    adopt: (entries, fromNodeId, unwritten) => adoption.adopt(entries, fromNodeId, unwritten),
    holdAgain: (session, epoch) => {
      session.holdAgain(epoch);
      rooms.find(session.participation?.roster.id ?? "")?.heldUnder(epoch);
      lifecycle.emit("held_again", { session });
    },
    giveUp: (session, why, by) => lifecycle.emit("held_elsewhere", { session, why, by }),
  };
}
