import { createHash } from "node:crypto";
import type { NodeView, SessionEntry } from "../ports/directory.js";
import { leaseId, type LeaseId } from "../ports/lease-id.js";
import type { RedisDirectory } from "./redis-directory.js";

/** The shards of a divided directory. All nodes have the same number of them, and find the same one for an id. */
export class Shards {
  readonly all: readonly [RedisDirectory, ...RedisDirectory[]];

  constructor(all: readonly [RedisDirectory, ...RedisDirectory[]]) {
    this.all = all;
  }

  /** The shard of a room, or of a session that is in no room. */
  of(id: string): RedisDirectory {
    const number = createHash("sha1").update(id).digest().readUInt32BE(0) % this.all.length;
    return this.all[number] ?? this.all[0];
  }

  /** The shard in which the entry of a session belongs. */
  for({ roomId, sessionId }: SessionEntry): RedisDirectory {
    return this.of(roomId ?? sessionId);
  }

  /** Asks all shards at the same time. */
  ask<T>(question: (shard: RedisDirectory) => Promise<T>): Promise<T[]> {
    return allOf(this.all.map(question));
  }
}

/** Waits for all, also when one rejects, so that nothing goes on after the caller has its answer. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** One view of each lease: it holds what it holds in all shards, and has run out when it has run out in one. */
export function mergedViews(views: readonly (readonly NodeView[])[]): readonly NodeView[] {
  const leases = new Map<LeaseId, NodeView>();
  for (const view of views.flat()) {
    const id = leaseId(view);
    const known = leases.get(id);
    leases.set(id, known ? bothOf(known, view) : view);
  }
  return [...leases.values()].toSorted((one, other) => one.epoch - other.epoch);
}

function bothOf(one: NodeView, other: NodeView): NodeView {
  return {
    ...one,
    sessions: one.sessions + other.sessions,
    rooms: one.rooms + other.rooms,
    draining: one.draining || other.draining,
    expired: one.expired || other.expired,
  };
}

/** One entry of each session: that with the greatest epoch, or the one in a room. */
export function latestEntries<E extends SessionEntry>(entries: readonly E[]): readonly E[] {
  const kept = new Map<string, E>();
  for (const entry of entries) {
    const other = kept.get(entry.sessionId);
    const isLater = !other || entry.epoch > other.epoch || (entry.epoch === other.epoch && other.roomId === undefined);
    if (isLater) kept.set(entry.sessionId, entry);
  }
  return [...kept.values()];
}
