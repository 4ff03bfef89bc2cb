import {
  LEASE_MS,
  type Directory,
  type HeldEntry,
  type NodeStatus,
  type NodeView,
  type NoLease,
  type PlacedSession,
  type SessionEntry,
} from "../ports/directory.js";
import type { LeaseKey } from "../ports/lease-id.js";
import type { MemoryStore, StoredLease } from "./memory-store.js";

const NO_LEASE: NoLease = { kind: "no_lease" };

/** One node's access to a {@link MemoryStore}. */
export class MemoryDirectory implements Directory {
  readonly nodeId: string;
  readonly #store: MemoryStore;
  #lease: StoredLease | undefined;

  constructor(store: MemoryStore, nodeId: string) {
    this.#store = store;
    this.nodeId = nodeId;
  }

  async register(url: string | undefined): Promise<{ epoch: number; leaseMs: number }> {
    const { nodeId } = this;
    const epoch = this.#store.newEpoch();
    const leaseUntil = this.#store.clock.mono() + LEASE_MS;
    const fresh = { draining: false, sent: 0, claimed: false, rooms: new Set<string>(), sessions: new Set<string>() };
    this.#lease = { nodeId, epoch, url, leaseUntil, ...fresh };
    this.#store.leases.add(this.#lease);
    return { epoch, leaseMs: LEASE_MS };
  }

  async renew({ draining, sent }: NodeStatus): Promise<{ kind: "renewed"; nodes: readonly NodeView[] } | NoLease> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    lease.leaseUntil = this.#store.clock.mono() + LEASE_MS;
    lease.draining = draining;
    lease.sent = sent;
    return { kind: "renewed", nodes: [...this.#store.leases].map((each) => this.#store.view(each)) };
  }

  async resign(): Promise<void> {
    const lease = this.#ownLease();
    if (!lease) return;
    lease.leaseUntil = -Infinity;
    this.#forgetIfEmpty(lease);
    this.#lease = undefined;
  }

  async newEpoch(): Promise<number> {
    return this.#store.newEpoch();
  }

  async claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    const home = this.#store.homeOf(roomId);
    if (home && home.nodeId !== this.nodeId) {
      this.#store.placeRoom(roomId, home);
      return this.#elsewhere(home);
    }
    // The session that asks counts for this node already.
    const best = home ? lease : this.#bestFor(lease, lease.sessions.size - 1);
    if (!best) return { kind: "unplaced" };
    if (best !== lease) return this.#elsewhere(best);
    this.#store.placeRoom(roomId, lease);
    return { kind: "here", epoch: this.#store.newEpoch() };
  }

  async previewRoom(roomId: string): ReturnType<Directory["previewRoom"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    const home = this.#store.homeOf(roomId);
    if (home && home.nodeId !== this.nodeId) this.#store.placeRoom(roomId, home);
    const best = home ?? this.#bestFor(lease, lease.sessions.size);
    if (!best) return { kind: "unplaced" };
    return best.nodeId === this.nodeId ? { kind: "here" } : this.#elsewhere(best);
  }

  async reclaimRoom(roomId: string): ReturnType<Directory["reclaimRoom"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    const home = this.#store.rooms.get(roomId)?.lease;
    if (home && home.nodeId !== this.nodeId) return { kind: "lost", nodeId: home.nodeId };
    this.#store.placeRoom(roomId, lease);
    return { kind: "held" };
  }

  async releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    if (!lease.rooms.delete(roomId)) return { kind: "not_home" };
    this.#store.rooms.delete(roomId);
    return { kind: "released" };
  }

  async findRoom(roomId: string): ReturnType<Directory["findRoom"]> {
    const home = this.#store.homeOf(roomId);
    return home && { nodeId: home.nodeId, url: home.url, expired: this.#store.isExpired(home) };
  }

  async putSession(entry: SessionEntry): ReturnType<Directory["putSession"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    const fence = this.#fence(entry.sessionId, entry.epoch);
    if (fence !== undefined) return { kind: "fenced", epoch: fence };
    this.#store.hold({ ...entry }, lease);
    return { kind: "stored" };
  }

  async removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    if (!this.#ownLease()) return NO_LEASE;
    const fence = this.#fence(sessionId, epoch);
    if (fence !== undefined) return { kind: "fenced", epoch: fence };
    this.#store.passEpoch(epoch);
    if (!this.#store.sessions.has(sessionId)) return { kind: "gone" };
    this.#store.drop(sessionId);
    return { kind: "removed" };
  }

  async findSession(sessionId: string): Promise<PlacedSession | undefined> {
    return this.#placesOf([sessionId])[0];
  }

  async sessionsOfUser(userId: string): Promise<readonly PlacedSession[]> {
    return this.#placesOf(this.#store.sessionsOfUser(userId));
  }

  async findSessions(sessionIds: readonly string[]): Promise<readonly PlacedSession[]> {
    return this.#placesOf(sessionIds);
  }

  async takeOver({ nodeId, epoch }: LeaseKey, most: number): ReturnType<Directory["takeOver"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    const dead = [...this.#store.leases].find((each) => each.nodeId === nodeId && each.epoch === epoch);
    if (!dead) return { kind: "taken", sessions: [], more: false };
    if (dead === lease || !(dead.claimed || this.#store.isExpired(dead))) return { kind: "alive" };
    dead.claimed = true;
    const sessions: SessionEntry[] = [];
    const newEpoch = this.#store.newEpoch();
    for (const roomId of dead.rooms) {
      if (sessions.length >= most) break;
      sessions.push(...this.#store.moveRoom(roomId, dead, lease, newEpoch));
    }
    for (const sessionId of dead.sessions) {
      if (sessions.length >= most) break;
      sessions.push(this.#store.moveSession(sessionId, lease, newEpoch));
    }
    return { kind: "taken", sessions, more: !this.#forgetIfEmpty(dead) };
  }

  async handOver(what: readonly HeldEntry[], nodeId: string): ReturnType<Directory["handOver"]> {
    const lease = this.#ownLease();
    if (!lease) return NO_LEASE;
    const receiver = this.#store.latestLeases().find((each) => each.nodeId === nodeId);
    if (!receiver || receiver === lease || this.#store.isExpired(receiver)) return { kind: "refused" };
    const epoch = this.#store.newEpoch();
    const sessionIds: string[] = [];
    const refused: HeldEntry[] = [];
    for (const each of what) {
      if ("roomId" in each ? !lease.rooms.has(each.roomId) : !lease.sessions.has(each.sessionId)) refused.push(each);
      else if ("sessionId" in each) sessionIds.push(this.#store.moveSession(each.sessionId, receiver, epoch).sessionId);
      else
        sessionIds.push(...this.#store.moveRoom(each.roomId, lease, receiver, epoch).map(({ sessionId }) => sessionId));
    }
    return { kind: "handed", sessionIds, refused };
  }

  async own(): ReturnType<Directory["own"]> {
    const { rooms = [], sessions = [] } = this.#lease ?? {};
    const entries = [...sessions].map((sessionId) => this.#store.sessions.get(sessionId)?.entry);
    return { rooms: [...rooms], sessions: entries.filter((entry) => entry !== undefined) };
  }

  async counts(): Promise<{ rooms: number; sessions: number }> {
    return { rooms: this.#store.rooms.size, sessions: this.#store.sessions.size };
  }

  async close(): Promise<void> {
    await this.resign();
  }

  #placesOf(sessionIds: readonly string[]): PlacedSession[] {
    return sessionIds.flatMap((sessionId) => {
      const held = this.#store.sessions.get(sessionId);
      if (!held) return [];
      const { nodeId, epoch: leaseEpoch, url, leaseUntil } = held.lease;
      const leaseLeftMs = Math.max(leaseUntil - this.#store.clock.mono(), 0);
      return { ...held.entry, nodeId, leaseEpoch, url, leaseLeftMs, expired: this.#store.isExpired(held.lease) };
    });
  }

  /** The lease, unless another node has claimed it or the store has forgotten it. */
  #ownLease(): StoredLease | undefined {
    const lease = this.#lease;
    return lease && !lease.claimed && this.#store.leases.has(lease) ? lease : undefined;
  }

  /** Sends clients to a node only if they can reach it and it renews its lease. */
  #elsewhere(home: StoredLease): { kind: "elsewhere"; nodeId: string; url: string } | { kind: "unplaced" } {
    const { nodeId, url } = home;
    if (url === undefined || this.#store.isExpired(home)) return { kind: "unplaced" };
    return { kind: "elsewhere", nodeId, url };
  }

  /** The node with the fewest sessions that can take a new room. @param ownLoad how many of this node count */
  #bestFor(own: StoredLease, ownLoad: number): StoredLease | undefined {
    let best = own.draining ? undefined : own;
    let least = own.draining ? Infinity : ownLoad;
    for (const other of this.#store.latestLeases()) {
      if (other.nodeId === own.nodeId || other.url === undefined) continue;
      if (other.draining || this.#store.isExpired(other)) continue;
      if (other.sessions.size >= least) continue;
      best = other;
      least = other.sessions.size;
    }
    return best;
  }

  /** The epoch because of which this node must not write the session's entry; undefined when it can write it. */
  #fence(sessionId: string, epoch: number): number | undefined {
    const held = this.#store.sessions.get(sessionId);
    if (!held) return undefined;
    const { entry, lease } = held;
    if (entry.epoch > epoch || (entry.epoch === epoch && lease.nodeId !== this.nodeId)) return entry.epoch;
    return undefined;
  }

  #forgetIfEmpty(lease: StoredLease): boolean {
    if (lease.rooms.size + lease.sessions.size > 0) return false;
    this.#store.leases.delete(lease);
    return true;
  }
}
