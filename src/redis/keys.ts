/**
 * Every key that Lastseen has in Redis. All keys share one hash tag, so one script can use any of them, also in a cluster.
 * One slot of a cluster is nearly always enough: the nodes write to Redis when somebody joins, leaves or resumes, never for a
 * heartbeat. A service that needs more divides its rooms and sessions: then each shard has these keys under a tag of its own.
 */

/** The prefix of all keys of one service. Several services with different prefixes can share a Redis. */
export const DEFAULT_PREFIX = "lastseen";

/** What each key holds, and which script removes an entry. No key expires by itself. */
export const KEY_PURPOSES = {
  /** String: the latest epoch that a lease began under, or sessions moved under. One number; no script removes it. */
  epoch: "string",
  /** Hash: lease -> its end and state. Removed by `resign`, or by `take-over` after the last entry held under it. */
  leases: "hash",
  /** Index: leases by their ends, milliseconds. Every script that writes `leases` writes it too. */
  "lease-ends": "zset",
  /** Index: leases by the number of their latest change, with which a renewal finds what its node does not know. Likewise. */
  "lease-news": "zset",
  /**
   * Index: leases that take new rooms, by their number of sessions. Removed by `resign`, by `take-over`, and by the renewal of a node
   * that drains.
   */
  loads: "zset",
  /** String: when a node last renewed a lease. One number; no script removes it. */
  "renewed-at": "string",
  /** String: the format of what is stored. One number; no script removes it. Each renewal writes it again when it is lost. */
  format: "string",
  /**
   * Hash: node -> the process that has this name. Removed by `release-name`, or by `take-over` with the last lease of a dead node.
   * Each renewal writes it again when it is lost.
   */
  "node-names": "hash",
  /** Hash: room -> lease. Removed by `release-room`. */
  rooms: "hash",
  /** Index: lease -> rooms. Every script that writes `rooms` writes it too. */
  "rooms-by-lease": "zset",
  /** Hash: session -> entry. Removed by `remove-session`. */
  sessions: "hash",
  /** Indexes: lease, room, user -> sessions. Every script that writes `sessions` writes them too. */
  "sessions-by-lease": "zset",
  "sessions-by-room": "zset",
  "sessions-by-user": "zset",
  /** Index: user -> leases of the nodes that follow the user. Removed by `follow-users`, or with the lease by `resign` or `take-over`. */
  followers: "zset",
  /** Index: lease -> users that its node follows. Every script that writes `followers` writes it too. */
  "followed-by-lease": "zset",
  /** Leases by the number of messages about users that were sent to their nodes. Removed with the lease. */
  "messages-by-lease": "zset",
  /** Hash: call -> its state. Removed by `call-finish`, or by `call-start` and `call-hold` when its time is over. */
  calls: "hash",
  /** Hash: user -> the one call of that user. Every script that writes `calls` writes it too. */
  "calls-by-user": "hash",
  /** Calls by the time at which they end by themselves. Every script that writes `calls` writes it too. */
  "calls-by-end": "zset",
  /** Ended calls by the time of their end. Every script that ends a call removes the oldest ones. */
  "calls-over": "zset",
  /** Index: user -> callers whom the user has blocked. Removed by `caller-unblock`. */
  "blocked-callers": "zset",
  /** The same again, because nobody but Redis has it. `check-keys` makes one from the other when one is lost. */
  "blocked-callers-copy": "zset",
  /** Hash: user -> how often the user was rung in the last minute. Removed by `call-start` after that minute. */
  rings: "hash",
  /** Users who were rung, by the first ring of that minute. Every script that writes `rings` writes it too. */
  "rings-by-start": "zset",
  /** Hash: user and room -> block. Removed by `block-remove`, or by `block-put` and `block-remove` when it has ended. */
  blocks: "hash",
  /** Blocks by their ends. Every script that writes `blocks` writes it too. */
  "blocks-by-end": "zset",
  /** Hash: when the list of blocks began, and the number of its latest change. Two numbers; no script removes it. */
  "blocks-state": "hash",
  /** Stream: the latest events for the backend. `event-append` removes the oldest ones. */
  events: "stream",
  /** Hash: run of a process -> the node that has to deliver it. Removed by `event-acknowledge` after its last event. */
  "event-runs": "hash",
  /** Index: run -> ids of its undelivered events. Removed by `event-acknowledge`. */
  "undelivered-events": "zset",
  /** Hash: lease -> keys that are lost, of which its node may not know yet. Removed by the next `check-keys` of this node. */
  "lost-keys": "hash",
} as const;

export type KeyName = keyof typeof KEY_PURPOSES;

export function isKeyName(name: string): name is KeyName {
  return Object.hasOwn(KEY_PURPOSES, name);
}

/** Makes the full names of keys and channels in Redis. */
export class Keys {
  readonly #root: string;
  readonly #channels: string;

  /**
   * @param database number of the Redis database. Redis has one set of channels for all databases, so their names contain
   *   the number.
   * @param tag the hash tag of all these keys: `all`, or the name of a shard
   * @throws Error when the prefix is empty or has other characters than A-Z a-z 0-9 _ . : -
   */
  constructor(prefix: string, database = 0, tag = "all") {
    if (!/^[A-Za-z0-9_.:-]+$/.test(prefix)) throw new Error("the prefix of keys must consist of A-Z a-z 0-9 _ . : -");
    this.#root = `${prefix}:{${tag}}:`;
    this.#channels = database === 0 ? this.#root : `${this.#root}db${database}:`;
  }

  key(name: KeyName): string {
    return this.#root + name;
  }

  channelTo(nodeId: string): string {
    return `${this.channelToEach}${nodeId}`;
  }

  /** What the channel to a node begins with. The node's name follows. */
  get channelToEach(): string {
    return `${this.#channels}to:`;
  }

  get channelToAll(): string {
    return `${this.#channels}to-all`;
  }
}
