import type { MemoryStore, StoredLease } from "../../../src/memory/memory-store.js";
import type { SessionEntry } from "../../../src/ports/directory.js";

/** The content of the store at one moment, as a replica has it that becomes the master. It can also be empty. */
export class Snapshot {
  readonly #leases: readonly { lease: StoredLease; leaseUntil: number; claimed: boolean }[];
  readonly #rooms: readonly [string, StoredLease][];
  readonly #sessions: readonly { entry: SessionEntry; lease: StoredLease }[];

  private constructor(store: MemoryStore | undefined) {
    this.#leases = [...(store?.leases ?? [])].map((lease) => ({
      lease,
      leaseUntil: lease.leaseUntil,
      claimed: lease.claimed,
    }));
    this.#rooms = [...(store?.rooms ?? [])].map(([roomId, { lease }]) => [roomId, lease]);
    this.#sessions = [...(store?.sessions.values() ?? [])].map(({ entry, lease }) => ({ entry, lease }));
  }

  static of(store: MemoryStore): Snapshot {
    return new Snapshot(store);
  }

  static empty(): Snapshot {
    return new Snapshot(undefined);
  }

  restore(store: MemoryStore): void {
    for (const sessionId of store.sessions.keys()) store.drop(sessionId);
    for (const lease of store.leases) lease.rooms.clear();
    store.rooms.clear();
    store.leases.clear();
    for (const { lease, leaseUntil, claimed } of this.#leases) {
      Object.assign(lease, { leaseUntil, claimed });
      store.leases.add(lease);
    }
    for (const [roomId, lease] of this.#rooms) store.placeRoom(roomId, lease);
    for (const { entry, lease } of this.#sessions) store.hold(entry, lease);
  }
}
