import type { Clock } from "../kernel/clock.js";
import type { NodeView, SessionEntry } from "../ports/directory.js";

export interface StoredLease {
  readonly nodeId: string;
  readonly epoch: number;
  readonly url: string | undefined;
  /** Monotonic milliseconds. */
  leaseUntil: number;
  draining: boolean;
  sent: number;
  /** A node takes over the entries of this lease. The lease's own node cannot use it any more. */
  claimed: boolean;
  readonly rooms: Set<string>;
  readonly sessions: Set<string>;
}

/** A lease holds an entry, not a node: a node's later lease does not hold the entries of its earlier lease. */
export interface Held {
  readonly lease: StoredLease;
}

/**
 * What the nodes of one service share, in the memory of one process. A service with one node uses it as its store. It is
 * also the reference for the stores that several processes share.
 */
export class MemoryStore {
  /** The leases that are not forgotten, oldest first. */
  readonly leases = new Set<StoredLease>();
  readonly rooms = new Map<string, Held>();
  readonly sessions = new Map<string, Held & { entry: SessionEntry }>();
  readonly #byUser: Index = new Map();
  readonly #inRoom: Index = new Map();
  readonly clock: Clock;
  #epochs = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Greater than every epoch before it, and than every epoch that a node has counted up to by itself. */
  newEpoch(): number {
    this.#epochs = Math.max(this.#epochs + 1, Math.ceil(this.clock.wall()));
    return this.#epochs;
  }

  /** Every epoch from now on is greater than this one. */
  passEpoch(epoch: number): void {
    this.#epochs = Math.max(this.#epochs, epoch);
  }

  isExpired(lease: StoredLease): boolean {
    return lease.leaseUntil <= this.clock.mono();
  }

  /** The latest lease of each node. The leases that a node had before a restart are not among them. */
  latestLeases(): StoredLease[] {
    return [...new Map([...this.leases].map((lease) => [lease.nodeId, lease])).values()];
  }

  view(lease: StoredLease): NodeView {
    const { nodeId, epoch, url, draining, sent, sessions, rooms } = lease;
    const expired = this.isExpired(lease);
    return { nodeId, epoch, url, sessions: sessions.size, rooms: rooms.size, draining, expired, sent };
  }

  sessionsOfUser(userId: string): string[] {
    return valuesOf(this.#byUser, userId);
  }

  hold(entry: SessionEntry, lease: StoredLease): void {
    const { sessionId, userId, roomId } = entry;
    const held = this.sessions.get(sessionId);
    if (held?.lease === lease && held.entry.userId === userId) {
      // To drop it and add it again would make the maps grow.
      if (held.entry.roomId !== roomId) this.#moveToRoom(held.entry, roomId);
      held.entry = entry;
      return;
    }
    this.drop(sessionId);
    this.sessions.set(sessionId, { lease, entry });
    lease.sessions.add(sessionId);
    addTo(this.#byUser, userId, sessionId);
    if (roomId !== undefined) addTo(this.#inRoom, roomId, sessionId);
  }

  /** The lease that holds the room. When the room's entry is lost, that is the lease that holds sessions in the room. */
  homeOf(roomId: string): StoredLease | undefined {
    const [member = ""] = valuesOf(this.#inRoom, roomId);
    return this.rooms.get(roomId)?.lease ?? this.sessions.get(member)?.lease;
  }

  placeRoom(roomId: string, lease: StoredLease): void {
    this.rooms.get(roomId)?.lease.rooms.delete(roomId);
    this.rooms.set(roomId, { lease });
    lease.rooms.add(roomId);
  }

  /** Moves a room, and those of its sessions that the lease `from` holds. @param epoch the sessions get a later one than before, at least this one */
  moveRoom(roomId: string, from: StoredLease, to: StoredLease, epoch: number): SessionEntry[] {
    this.placeRoom(roomId, to);
    const members = valuesOf(this.#inRoom, roomId).filter((sessionId) => from.sessions.has(sessionId));
    return members.map((sessionId) => this.moveSession(sessionId, to, epoch));
  }

  moveSession(sessionId: string, to: StoredLease, epoch: number): SessionEntry {
    const held = this.sessions.get(sessionId);
    if (!held) throw new Error(`the session to move does not exist: ${sessionId}`);
    const entry = { ...held.entry, epoch: Math.max(held.entry.epoch + 1, epoch) };
    this.hold(entry, to);
    return entry;
  }

  drop(sessionId: string): void {
    const held = this.sessions.get(sessionId);
    if (!held) return;
    this.sessions.delete(sessionId);
    held.lease.sessions.delete(sessionId);
    removeFrom(this.#byUser, held.entry.userId, sessionId);
    if (held.entry.roomId !== undefined) removeFrom(this.#inRoom, held.entry.roomId, sessionId);
  }

  #moveToRoom({ sessionId, roomId: before }: SessionEntry, roomId: string | undefined): void {
    if (before !== undefined) removeFrom(this.#inRoom, before, sessionId);
    if (roomId !== undefined) addTo(this.#inRoom, roomId, sessionId);
  }
}

/** Most users have one session. A set for each user would need more memory than the entry, so a single id is a string. */
type Index = Map<string, string | Set<string>>;

function valuesOf(index: Index, key: string): string[] {
  const values = index.get(key) ?? [];
  return typeof values === "string" ? [values] : [...values];
}

function addTo(index: Index, key: string, value: string): void {
  const values = index.get(key);
  if (values instanceof Set) values.add(value);
  else index.set(key, values === undefined || values === value ? value : new Set([values, value]));
}

function removeFrom(index: Index, key: string, value: string): void {
  const values = index.get(key);
  if (values instanceof Set) values.delete(value);
  if (values === value || (values instanceof Set && values.size === 0)) index.delete(key);
}
