/**
 * Every key that Lastseen has in Redis. All share one hash tag, so that one script may touch any of them, also in a
 * cluster: Redis is written when somebody joins, leaves or resumes, never by a heartbeat, and one slot is enough for that.
 */

/** Where everything of one service lies, so that several can share a Redis. */
export const DEFAULT_PREFIX = "lastseen";

/** What each key holds, and what takes an entry away again. No key expires by itself. */
export const KEY_PURPOSES = {
  /** String: the epoch of the latest lease. One number, stays. */
  epoch: "string",
  /** Hash: lease -> its terms. Removed by `resign`, or by `take-over` with the last entry held under it. */
  leases: "hash",
  /** String: when a lease was last renewed. One number, stays. */
  "renewed-at": "string",
  /** Hash: room -> lease. Removed by `release-room`. */
  rooms: "hash",
  /** Index: lease -> rooms. Kept by whatever writes `rooms`. */
  "rooms-by-lease": "zset",
  /** Hash: session -> entry. Removed by `remove-session`. */
  sessions: "hash",
  /** Indexes: lease, room, user -> sessions. Kept by whatever writes `sessions`. */
  "sessions-by-lease": "zset",
  "sessions-by-room": "zset",
  "sessions-by-user": "zset",
  /** Hash: call -> how it stands. Removed by `call-finish`, or by the next script that finds it over. */
  calls: "hash",
  /** Hash: user -> the one call of that user. Kept by whatever writes `calls`. */
  "calls-by-user": "hash",
  /** Calls by the moment at which they are over by themselves. Kept by whatever writes `calls`. */
  "calls-by-end": "zset",
  /** Calls that were ended, by the moment of it. Trimmed with each end. */
  "calls-over": "zset",
  /** Stream: the latest events for the backend. Trimmed with each one. */
  events: "stream",
  /** Hash: run of a process -> who has to deliver what is left of it. Removed by `event-acknowledge` with the last of its events. */
  "event-runs": "hash",
  /** Index: run -> ids of events that nobody has delivered. Removed by `event-acknowledge`. */
  "undelivered-events": "zset",
} as const;

export type KeyName = keyof typeof KEY_PURPOSES;

export function isKeyName(name: string): name is KeyName {
  return Object.hasOwn(KEY_PURPOSES, name);
}

/** The names in Redis, and the channels. */
export class Keys {
  readonly #root: string;
  readonly #channels: string;

  /** @param database channels don't belong to one, so their names tell it */
  constructor(prefix: string, database = 0) {
    if (!/^[A-Za-z0-9_.:-]+$/.test(prefix)) throw new Error("a prefix of keys is made of A-Z a-z 0-9 _ . : -");
    this.#root = `${prefix}:{all}:`;
    this.#channels = database === 0 ? this.#root : `${this.#root}db${database}:`;
  }

  key(name: KeyName): string {
    return this.#root + name;
  }

  channelTo(nodeId: string): string {
    return `${this.#channels}to:${nodeId}`;
  }

  get channelToAll(): string {
    return `${this.#channels}to-all`;
  }
}
