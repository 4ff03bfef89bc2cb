/**
 * The directory says which node holds which room and which session. It is an index: the nodes can write it again at any
 * time, and it never decides who is alive. One object is one node's access. The node makes every change under its lease,
 * and the directory refuses the change when the node has no valid lease.
 */
import type { JsonObject, RoomRole } from "@lastseen/protocol";
import type { LeaseKey } from "./lease-id.js";

/** A lease that its node does not renew runs out after this time. */
export const LEASE_MS = 6_000;

/** A session as the directory keeps it: all that another node needs to go on with it. */
export interface SessionEntry {
  readonly sessionId: string;
  readonly userId: string;
  /**
   * Fencing token: each change of ownership raises it. A node adds 1. The store gives a session that changes its node an epoch
   * that no node can have counted up to by itself: milliseconds of its clock.
   */
  readonly epoch: number;
  /** The room that the session is in; undefined when it is in no room. */
  readonly roomId: string | undefined;
  readonly name: string;
  readonly tabId: string;
  /** SHA-256 of the resume token, base64url. Only the client gets the token itself. */
  readonly tokenHash: string;
  /** The same of the token before it, while the client may not have received the answer to its last resume. */
  readonly earlierTokenHash?: string | undefined;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** When the session entered its room, epoch milliseconds. */
  readonly joinedAt: number | undefined;
  /** The role in its room that the token or the client has chosen; undefined when the room chooses. */
  readonly chosenRole?: RoomRole | undefined;
  readonly metadata: JsonObject;
}

/** A session's entry, and the node that holds the session. */
export interface PlacedSession extends SessionEntry {
  readonly nodeId: string;
  /** Epoch of the lease under which the node holds the session. */
  readonly leaseEpoch: number;
  /** Where clients reach that node; undefined when it did not say. */
  readonly url: string | undefined;
  /** How much longer the node's lease is good if the node does not renew it; 0 when it has run out. */
  readonly leaseLeftMs: number;
  /** The lease under which the node holds the session has run out. Another node will take the session over. */
  readonly expired: boolean;
}

/** A room with all its sessions, or a session that is in no room. */
export type HeldEntry = { readonly roomId: string } | { readonly sessionId: string };

/** A node as the others see it. */
export interface NodeView extends LeaseKey {
  /** Where clients reach the node; undefined when it did not say. */
  readonly url: string | undefined;
  /** Number of sessions that the node holds under this lease. */
  readonly sessions: number;
  /** Number of rooms that the node holds under this lease. */
  readonly rooms: number;
  /** The node takes no new rooms. */
  readonly draining: boolean;
  /** The lease has run out: the node is dead, frozen, or cut off. */
  readonly expired: boolean;
  /** Number of messages that the node has sent to all, as of its last renewal. */
  readonly sent: number;
}

/** What a node tells the others with each renewal. */
export interface NodeStatus {
  readonly draining: boolean;
  readonly sent: number;
}

/**
 * The node has no lease, or lost it to another node. Nothing was changed. The node has to call {@link Directory.register}
 * again.
 */
export interface NoLease {
  readonly kind: "no_lease";
}

/** The directory answers expected outcomes with values. A rejected promise means that the store did not answer. */
export interface Directory {
  readonly nodeId: string;

  /**
   * Begins a lease under a new epoch, which is greater than every epoch that the store gave before, to a lease or to a session. Entries of an earlier
   * lease of this node stay under that lease until this node writes them again, or until a node takes them over. The node
   * that takes them over can be this one.
   *
   * @param url where clients reach this node; without a URL no node sends clients here
   * @returns the epoch, and how long the lease lasts without a renewal
   */
  register(url: string | undefined): Promise<{ epoch: number; leaseMs: number }>;
  /**
   * Prolongs the lease. A lease that has run out goes on as well, unless another node has begun to take it over.
   *
   * @returns the leases of all nodes, oldest first, this node's included
   */
  renew(status: NodeStatus): Promise<{ kind: "renewed"; nodes: readonly NodeView[] } | NoLease>;
  /**
   * Ends the lease. The other nodes can take over at once what this node still holds; a lease that holds nothing is
   * forgotten. Does nothing without a lease.
   */
  resign(): Promise<void>;
  /**
   * Gives an epoch that is greater than every epoch that the store gave before, to a lease, a room or a session, and than those under which
   * sessions were removed, and that no node gets twice. Does not need a lease.
   */
  newEpoch(): Promise<number>;

  /**
   * Finds or chooses the room's home before somebody enters the room.
   *
   * - When a node is the room's home already, it stays the home.
   * - When the store has lost the room's entry and a node holds sessions that are in the room, that node is the home.
   * - A new room goes to the node with the fewest sessions, out of those that are not draining, have a URL and renew their
   *   lease. This node can be chosen without a URL. The session that asks does not count. A store that is divided counts the
   *   sessions of the part in which the room would be.
   *
   * `here`: this node is the home; `epoch` is greater than every epoch that the store gave before, to a room, a lease or a
   * session. `elsewhere`: another node is or should be; clients are sent to `url`. Only a node makes
   * itself the home: for a new room `elsewhere` writes nothing. `unplaced`: the home does not renew its lease or has no URL,
   * or this node is draining and no other node can take the room.
   */
  claimRoom(
    roomId: string,
  ): Promise<
    | { kind: "here"; epoch: number }
    | { kind: "elsewhere"; nodeId: string; url: string }
    | { kind: "unplaced" }
    | NoLease
  >;
  /**
   * Says what {@link claimRoom} will answer for a session that is about to begin here. Writes the lost entry of a room of
   * another node again, as {@link claimRoom} does, and makes nobody the home. So a client whose room is
   * elsewhere can be sent there before it has a session. A session that begins here counts.
   */
  previewRoom(
    roomId: string,
  ): Promise<{ kind: "here" } | { kind: "elsewhere"; nodeId: string; url: string } | { kind: "unplaced" } | NoLease>;
  /**
   * Makes this node the home of a room in which it has people, unless another node is the home. Never looks for a better
   * node, so a node that is draining or busy keeps its room.
   *
   * `held`: this node is the home. `lost`: another node is, whether or not it renews its lease.
   */
  reclaimRoom(roomId: string): Promise<{ kind: "held" } | { kind: "lost"; nodeId: string } | NoLease>;
  /** Removes the room's entry; `not_home` when this node is not the room's home. */
  releaseRoom(roomId: string): Promise<{ kind: "released" } | { kind: "not_home" } | NoLease>;
  /** The room's home; undefined when the room has none. */
  findRoom(roomId: string): Promise<{ nodeId: string; url: string | undefined; expired: boolean } | undefined>;

  /**
   * Writes the session's entry as held by this node. `fenced`: the directory has an entry with a higher epoch, or one with
   * the same epoch that another node holds. Nothing was changed then.
   */
  putSession(entry: SessionEntry): Promise<{ kind: "stored" } | { kind: "fenced"; epoch: number } | NoLease>;
  /**
   * Removes the session's entry, unless {@link putSession} with the same epoch would be fenced. Every epoch that the store gives after
   * that is greater than this one, also when there was no entry.
   */
  removeSession(
    sessionId: string,
    epoch: number,
  ): Promise<{ kind: "removed" } | { kind: "gone" } | { kind: "fenced"; epoch: number } | NoLease>;
  findSession(sessionId: string): Promise<PlacedSession | undefined>;
  /** Leaves out the sessions that the directory does not know. */
  findSessions(sessionIds: readonly string[]): Promise<readonly PlacedSession[]>;
  sessionsOfUser(userId: string): Promise<readonly PlacedSession[]>;

  /**
   * Takes over what is held under a lease that has run out: first rooms, each with all its sessions, then sessions that are
   * in no room. Each entry gets a new epoch, and this node as its holder. Several nodes can do this at the same time;
   * each entry goes to one of them. The first call claims the lease: from then on the directory refuses its node. After the
   * last entry the lease is forgotten. A lease that is not known holds nothing.
   *
   * `alive`: the lease has not run out, or it is this node's own.
   *
   * @param lease as {@link NodeView} names it
   * @param most the call ends after the room with which it has taken at least this many sessions
   * @returns the sessions that this call took over; `more`: something is left under the lease
   */
  takeOver(
    lease: LeaseKey,
    most: number,
  ): Promise<{ kind: "taken"; sessions: readonly SessionEntry[]; more: boolean } | { kind: "alive" } | NoLease>;

  /**
   * Gives rooms, each with all its sessions, and sessions that are in no room to another node. Each session gets a new
   * epoch. The caller has to tell the other node.
   *
   * `handed`: `sessionIds` are the sessions that moved; `refused` is what this node does not hold, which stays as it is;
   * `unanswered`, when it is there, is what a part of the store did not answer about, which has to be asked for again.
   * `refused`: that node has no lease that holds, or is this one. Nothing moved.
   *
   * @param what the store does nothing else while it moves the sessions, so a call moves some hundreds at most
   */
  handOver(
    what: readonly HeldEntry[],
    nodeId: string,
  ): Promise<
    | {
        kind: "handed";
        sessionIds: readonly string[];
        refused: readonly HeldEntry[];
        unanswered?: readonly HeldEntry[];
      }
    | { kind: "refused" }
    | NoLease
  >;

  /** What this node holds under its present lease; nothing without a lease. */
  own(): Promise<{ rooms: readonly string[]; sessions: readonly SessionEntry[] }>;
  /** Number of entries of all nodes. */
  counts(): Promise<{ rooms: number; sessions: number }>;
  /** Resigns. A store that does not answer is no error. Can be called twice. */
  close(): Promise<void>;
}
