import type { Clock } from "../kernel/clock.js";
import type { Directory, SessionEntry } from "../ports/directory.js";
import type { RedisDirectory } from "./redis-directory.js";
import { allOf, latestEntries, type Shards } from "./shards.js";

/**
 * In which shard each session of this node has its entry. A session that enters or leaves its room can change its shard. Its new entry
 * is written before the old one is removed, so no moment is without an entry. When the process dies in between, there are two.
 */
export class SessionPlaces {
  readonly #shards: Shards;
  readonly #clock: Clock;
  /**
   * Undefined: perhaps in several shards, because a write has failed. Of a session that is missing here nothing is known. A session
   * that this node has lost to others stays until {@link own} is read.
   */
  readonly #places = new Map<string, RedisDirectory | undefined>();
  /** Sessions whose entries are being written. */
  readonly #writing = new Set<string>();
  /** When the lease began, epoch milliseconds. */
  #leasedAt = Infinity;

  constructor(shards: Shards, clock: Clock) {
    this.#shards = shards;
    this.#clock = clock;
  }

  /** A lease begins. Other nodes may hold by now what this node held. */
  leaseBegins(): void {
    this.#places.clear();
    this.#leasedAt = this.#clock.wall();
  }

  /** Undefined when the session's entry may be anywhere. */
  get(sessionId: string): RedisDirectory | undefined {
    return this.#places.get(sessionId);
  }

  /** This node has got the sessions of another. */
  took(entries: readonly SessionEntry[]): void {
    for (const entry of entries) this.#places.set(entry.sessionId, this.#shards.for(entry));
  }

  /** Another node has got sessions of this one. */
  gave(sessionIds: readonly string[]): void {
    for (const sessionId of sessionIds) this.#places.delete(sessionId);
  }

  async put(entry: SessionEntry): ReturnType<Directory["putSession"]> {
    const { sessionId } = entry;
    const shard = this.#shards.for(entry);
    const before = this.#isNew(entry) ? shard : this.#places.get(sessionId);
    // A write that fails may have written all the same. Then the entry may be anywhere.
    this.#places.set(sessionId, undefined);
    this.#writing.add(sessionId);
    try {
      const outcome = await (before === shard ? shard.putSession(entry) : this.#move(entry, before, shard));
      if (outcome.kind === "stored") this.#places.set(sessionId, shard);
      return outcome;
    } finally {
      this.#writing.delete(sessionId);
    }
  }

  async remove(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    const outcome = await this.#removeFrom(this.#places.get(sessionId), this.#shards.all, sessionId, epoch);
    if (outcome.kind !== "no_lease") this.#places.delete(sessionId);
    return outcome;
  }

  /** What this node holds. Removes second entries of a session, and forgets the places of sessions that are not here any more. */
  async own(): ReturnType<Directory["own"]> {
    const before = new Map(this.#places);
    const parts = await this.#shards.ask(async (shard) => ({ shard, ...(await shard.own()) }));
    const found = parts.flatMap(({ shard, sessions }) => sessions.map((entry) => ({ shard, entry })));
    const sessions = latestEntries(found.map(({ entry }) => entry));
    // What was read of the others is not true any more: their entries have moved meanwhile.
    const unchanged = new Set([...before.keys(), ...sessions.map(({ sessionId }) => sessionId)]);
    for (const id of unchanged) {
      if (this.#writing.has(id) || this.#places.get(id) !== before.get(id)) unchanged.delete(id);
    }
    for (const id of unchanged) this.#places.delete(id);
    const kept = new Set(sessions);
    const second: typeof found = [];
    for (const each of found) {
      const { sessionId } = each.entry;
      if (!unchanged.has(sessionId)) continue;
      if (kept.has(each.entry)) this.#places.set(sessionId, each.shard);
      else second.push(each);
    }
    await allOf(second.map(({ shard, entry }) => shard.removeSession(entry.sessionId, entry.epoch)));
    return { rooms: parts.flatMap(({ rooms }) => rooms), sessions };
  }

  /** Whether the session has begun here under this lease and was never written, so that no shard can have an entry of it. */
  #isNew({ sessionId, epoch, openedAt }: SessionEntry): boolean {
    return !this.#places.has(sessionId) && epoch === 1 && openedAt > this.#leasedAt;
  }

  /** Writes an entry, and then removes the one before it from another shard. */
  async #move(
    entry: SessionEntry,
    before: RedisDirectory | undefined,
    shard: RedisDirectory,
  ): ReturnType<Directory["putSession"]> {
    const { sessionId, epoch } = entry;
    const outcome = await shard.putSession(entry);
    if (outcome.kind !== "stored") return outcome;
    const others = this.#shards.all.filter((each) => each !== shard);
    const removed = await this.#removeFrom(before, others, sessionId, epoch);
    if (removed.kind === "removed" || removed.kind === "gone") return outcome;
    // Another node holds the session, in another room; or this node has lost its lease where the entry was.
    if (removed.kind === "fenced" || before !== undefined) await shard.removeSession(sessionId, epoch);
    return removed;
  }

  /** Removes the session's entry from one shard, and from all of these when it is not there. */
  async #removeFrom(
    first: RedisDirectory | undefined,
    all: readonly RedisDirectory[],
    sessionId: string,
    epoch: number,
  ): ReturnType<Directory["removeSession"]> {
    const outcome = await first?.removeSession(sessionId, epoch);
    if (outcome && outcome.kind !== "gone") return outcome;
    const others = all.filter((shard) => shard !== first);
    const outcomes = await allOf(others.map((shard) => shard.removeSession(sessionId, epoch)));
    const of = (kind: string) => outcomes.find((each) => each.kind === kind);
    return of("no_lease") ?? of("fenced") ?? of("removed") ?? { kind: "gone" };
  }
}
