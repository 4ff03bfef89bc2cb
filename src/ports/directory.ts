/**
 * The directory: which node holds which room and which session. An index that can be written anew at any time; it never
 * decides who is alive. One object is one node's access to it; every write is made under that node's lease, and refused
 * once the lease is another's.
 */
import type { JsonObject } from "@lastseen/protocol";

/** How long a lease holds without being renewed. */
export const LEASE_MS = 6_000;

/** A session as the directory keeps it: enough for another node to go on with it. */
export interface SessionEntry {
  readonly sessionId: string;
  readonly userId: string;
  readonly epoch: number;
  /** The room that it is in, if any. */
  readonly roomId: string | undefined;
  readonly name: string;
  readonly tabId: string;
  /** SHA-256 of the resume token, base64url; the token itself is only ever told to the client. */
  readonly tokenHash: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** When it entered its room, epoch milliseconds. */
  readonly joinedAt: number | undefined;
  readonly metadata: JsonObject;
}

/** An entry and the node that holds the session. */
export interface PlacedSession extends SessionEntry {
  readonly nodeId: string;
  /** Where clients reach that node; undefined when it did not say. */
  readonly url: string | undefined;
  /** The lease that it is held under has run out: wait for somebody to take it over. */
  readonly expired: boolean;
}

/** A node as the others see it. */
export interface NodeView {
  readonly nodeId: string;
  /** Grows with every lease that any node begins; a node that comes back has a new one. */
  readonly epoch: number;
  readonly url: string | undefined;
  /** Entries that it holds. */
  readonly sessions: number;
  readonly rooms: number;
  /** It takes no new rooms. */
  readonly draining: boolean;
  /** Its lease has run out: it is dead, frozen, or cut off. */
  readonly expired: boolean;
  /** Messages that it has sent to all, as of its last renewal. */
  readonly sent: number;
}

export interface NodeStatus {
  readonly draining: boolean;
  readonly sent: number;
}

/** The lease is not this node's any more: nothing was changed. The node has to {@link Directory.register} again. */
export interface NoLease {
  readonly kind: "no_lease";
}

/** Outcomes are values; a rejected promise means that the store could not be asked. */
export interface Directory {
  readonly nodeId: string;
  /**
   * Begins a lease under a new epoch. Entries of an earlier lease stay where they are until they are written again, or
   * taken over: also by this node, if it was restarted.
   *
   * @param url where clients reach this node; without one nobody is sent to it
   */
  register(url: string | undefined): Promise<{ epoch: number; leaseMs: number }>;
  /** Prolongs the lease, also one that has run out as long as nobody has claimed anything of it. */
  renew(status: NodeStatus): Promise<{ kind: "renewed"; nodes: readonly NodeView[] } | NoLease>;
  /** Ends the lease. Entries that are still there can be claimed by the others at once. */
  resign(): Promise<void>;

  /**
   * Makes a node the room's home: the one that is it already, or, for a new room, the node with the fewest sessions that
   * takes new rooms and can be reached; this one when there is no better. The session that asks does not count.
   * `unplaced`: the room's node does not renew its lease, or this one takes no rooms and there is no other.
   *
   * @param options `inUse`: people are in the room here already; if nobody holds it, no other node is looked for
   */
  claimRoom(
    roomId: string,
    options?: { inUse: boolean },
  ): Promise<{ kind: "here" } | { kind: "elsewhere"; nodeId: string; url: string } | { kind: "unplaced" } | NoLease>;
  /** Gives the room up; `not_home` when this node was not its home. */
  releaseRoom(roomId: string): Promise<{ kind: "released" } | { kind: "not_home" } | NoLease>;
  /** The node that is the room's home. */
  findRoom(roomId: string): Promise<{ nodeId: string; url: string | undefined; expired: boolean } | undefined>;

  /**
   * Writes the session's entry as held by this node. `fenced`: there is one of a higher epoch, or one of the same epoch
   * that another node holds; nothing was changed.
   */
  putSession(entry: SessionEntry): Promise<{ kind: "stored" } | { kind: "fenced"; epoch: number } | NoLease>;
  /** Removes the session's entry unless {@link putSession} would be fenced. */
  removeSession(
    sessionId: string,
    epoch: number,
  ): Promise<{ kind: "removed" } | { kind: "gone" } | { kind: "fenced"; epoch: number } | NoLease>;
  findSession(sessionId: string): Promise<PlacedSession | undefined>;
  sessionsOfUser(userId: string): Promise<readonly PlacedSession[]>;

  /**
   * Takes over rooms, each with all its sessions, and then sessions without a room, from a lease that has run out; every
   * entry gets the next epoch and this node as its holder. Several nodes may do this at once: each entry goes to one of
   * them. After the last entry the lease is forgotten.
   *
   * @param epoch of the lease, as {@link NodeView} tells it
   * @param most ends the call after the room with which so many sessions were taken over
   */
  takeOver(
    nodeId: string,
    epoch: number,
    most: number,
  ): Promise<{ kind: "taken"; sessions: readonly SessionEntry[]; more: boolean } | { kind: "alive" } | NoLease>;

  /**
   * Gives a room with all its sessions, or one session that is in no room, to another node under the next epoch. The other
   * node has to be told. `refused`: that node is not there, or what was to be given is not this node's.
   */
  handOver(
    what: { roomId: string } | { sessionId: string },
    nodeId: string,
  ): Promise<{ kind: "handed" } | { kind: "refused" } | NoLease>;

  /** The entries that this node holds, under its present lease. */
  own(): Promise<{ rooms: readonly string[]; sessions: readonly SessionEntry[] }>;
  /** Entries of all nodes. */
  counts(): Promise<{ rooms: number; sessions: number }>;
  close(): Promise<void>;
}
