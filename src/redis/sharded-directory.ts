/**
 * A directory whose rooms and sessions are divided over the shards of a Redis Cluster. A room is in one shard together with
 * everybody who is in it, so whatever changes a room is still one script:
 *
 *     session in no room --its id--> shard <--the room's id-- room, and the sessions in it
 *
 * A node has a lease in each shard, all under the same epoch. It is dead as soon as one of them has run out. What belongs to no
 * room (names of nodes, calls, blocks, events, who hears of whom) stays in `whole`, which has a lease as well.
 */
import { createHash } from "node:crypto";
import type { Directory, HeldEntry, NodeStatus, NodeView, PlacedSession, SessionEntry } from "../ports/directory.js";
import { leaseId, type LeaseId, type LeaseKey } from "../ports/lease-id.js";
import type { RedisDirectory } from "./redis-directory.js";
import { NO_LEASE } from "./replies.js";

export class ShardedDirectory implements Directory {
  readonly nodeId: string;
  readonly #whole: RedisDirectory;
  readonly #shards: readonly RedisDirectory[];
  readonly #wrote: () => void;
  /**
   * Where the entries of this node's sessions are; undefined: perhaps in several shards, because a move has failed. Of a session that
   * is missing here nothing is known. A session that this node has lost to others stays until {@link own} is read.
   */
  readonly #places = new Map<string, RedisDirectory | undefined>();
  /** Sessions whose entry goes to another shard just now. */
  readonly #moving = new Set<string>();
  /** The shard with which a takeover goes on. */
  readonly #takenUpTo = new Map<LeaseId, number>();
  /** Whether this node has a lease in every shard. */
  #isLeased = false;
  /** When the lease began, epoch milliseconds. */
  #leasedAt = Infinity;

  /**
   * @param whole of the keys that are not divided
   * @param shards two or more; each node has the same number of them
   * @param wrote called when every shard has just accepted a write
   */
  constructor(whole: RedisDirectory, shards: readonly RedisDirectory[], wrote: () => void) {
    this.nodeId = whole.nodeId;
    this.#whole = whole;
    this.#shards = shards;
    this.#wrote = wrote;
  }

  /** The lease under which this node writes what is not divided; undefined before {@link register}. */
  get lease(): LeaseId | undefined {
    return this.#whole.lease;
  }

  async register(url: string | undefined): Promise<{ epoch: number; leaseMs: number }> {
    this.#isLeased = false;
    // Other nodes may hold by now what this node held.
    this.#places.clear();
    this.#takenUpTo.clear();
    this.#leasedAt = Date.now();
    const next = await Promise.all(this.#shards.map((shard) => shard.nextEpoch()));
    // The epoch is greater than all that the shards have given before. `whole` gives no two nodes the same one.
    const { epoch, leaseMs } = await this.#whole.register(url, { least: Math.max(...next) });
    const begun = await Promise.allSettled(this.#shards.map((shard) => shard.register(url, { exact: epoch })));
    const failed = begun.find((each) => each.status === "rejected");
    if (failed) {
      // Otherwise each attempt would leave a lease in each shard that has answered.
      const answered = this.#shards.filter((_, n) => begun[n]?.status === "fulfilled");
      await Promise.allSettled([...answered, this.#whole].map((shard) => shard.resign()));
      throw failed.reason;
    }
    this.#isLeased = true;
    this.#wrote();
    return { epoch, leaseMs };
  }

  async renew(status: NodeStatus): ReturnType<Directory["renew"]> {
    if (!this.#isLeased) return NO_LEASE;
    const answers = await allOf([this.#whole, ...this.#shards].map((shard) => shard.renew(status)));
    const nodes: (readonly NodeView[])[] = [];
    for (const answer of answers) {
      if (answer.kind === "no_lease") return answer;
      nodes.push(answer.nodes);
    }
    this.#wrote();
    return { kind: "renewed", nodes: merged(nodes) };
  }

  async resign(): Promise<void> {
    this.#isLeased = false;
    await allOf([...this.#shards, this.#whole].map((shard) => shard.resign()));
  }

  async claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    return this.#isLeased ? this.#shardOf(roomId).claimRoom(roomId) : NO_LEASE;
  }

  async previewRoom(roomId: string): ReturnType<Directory["previewRoom"]> {
    return this.#isLeased ? this.#shardOf(roomId).previewRoom(roomId) : NO_LEASE;
  }

  async reclaimRoom(roomId: string): ReturnType<Directory["reclaimRoom"]> {
    return this.#isLeased ? this.#shardOf(roomId).reclaimRoom(roomId) : NO_LEASE;
  }

  async releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    return this.#isLeased ? this.#shardOf(roomId).releaseRoom(roomId) : NO_LEASE;
  }

  findRoom(roomId: string): ReturnType<Directory["findRoom"]> {
    return this.#shardOf(roomId).findRoom(roomId);
  }

  /**
   * A session that enters or leaves its room can change its shard. Its new entry is written before the old one is removed, so no
   * moment is without an entry. When the process dies in between, {@link takeOver} and {@link own} find both.
   */
  async putSession(entry: SessionEntry): ReturnType<Directory["putSession"]> {
    if (!this.#isLeased) return NO_LEASE;
    const { sessionId } = entry;
    const shard = this.#shardFor(entry);
    const before = this.#placeOf(entry, shard);
    if (before === shard) return this.#remember(sessionId, shard, await shard.putSession(entry));
    // What fails from here on may have written all the same.
    this.#places.set(sessionId, undefined);
    this.#moving.add(sessionId);
    try {
      return await this.#move(entry, before, shard);
    } finally {
      this.#moving.delete(sessionId);
    }
  }

  async removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    if (!this.#isLeased) return NO_LEASE;
    const known = this.#places.get(sessionId);
    const outcome = await this.#removeFrom(known, this.#shards, sessionId, epoch);
    if (outcome.kind !== "no_lease") this.#places.delete(sessionId);
    return outcome;
  }

  async findSession(sessionId: string): Promise<PlacedSession | undefined> {
    const [found] = await this.#findTwice(async () => {
      const answers = await Promise.allSettled(this.#shards.map((shard) => shard.findSession(sessionId)));
      const entries = answers.flatMap((each) => (each.status === "fulfilled" && each.value ? each.value : []));
      const failed = answers.find((each) => each.status === "rejected");
      if (failed && entries.length === 0) throw failed.reason;
      return entries;
    });
    return found;
  }

  async findSessions(sessionIds: readonly string[]): Promise<readonly PlacedSession[]> {
    const found = await this.#findEverywhere(sessionIds);
    const isFound = new Set(found.map(({ sessionId }) => sessionId));
    const missing = sessionIds.filter((sessionId) => !isFound.has(sessionId));
    return missing.length === 0 ? found : [...found, ...(await this.#findEverywhere(missing))];
  }

  sessionsOfUser(userId: string): Promise<readonly PlacedSession[]> {
    return this.#findTwice(async () => (await allOf(this.#shards.map((shard) => shard.sessionsOfUser(userId)))).flat());
  }

  /**
   * Claims the lease in all shards. Then takes what is in the shards, one after the other, and in the end the lease in `whole`. The claims come
   * first, so that a node that wakes up can write nothing in a shard whose turn has not come.
   */
  async takeOver(lease: LeaseKey, most: number): ReturnType<Directory["takeOver"]> {
    if (!this.#isLeased) return NO_LEASE;
    const id = leaseId(lease);
    const all = [...this.#shards, this.#whole];
    const sessions: SessionEntry[] = [];
    let isAlive = true;
    if (!this.#takenUpTo.has(id)) await allOf(this.#shards.map((shard) => shard.takeOver(lease, 0)));
    let from = this.#takenUpTo.get(id) ?? 0;
    this.#takenUpTo.delete(id);
    for (const shard of all.slice(from)) {
      const outcome = await shard.takeOver(lease, most - sessions.length);
      if (outcome.kind === "no_lease") return outcome;
      isAlive &&= outcome.kind === "alive";
      if (outcome.kind === "taken") {
        for (const { sessionId } of outcome.sessions) this.#places.set(sessionId, shard);
        sessions.push(...outcome.sessions);
        if (outcome.more) {
          this.#takenUpTo.set(id, from);
          return { kind: "taken", sessions: await this.#withoutLeftovers(sessions), more: true };
        }
      }
      from += 1;
    }
    return isAlive
      ? { kind: "alive" }
      : { kind: "taken", sessions: await this.#withoutLeftovers(sessions), more: false };
  }

  async handOver(what: readonly HeldEntry[], nodeId: string): ReturnType<Directory["handOver"]> {
    if (!this.#isLeased) return NO_LEASE;
    const portions = new Map<RedisDirectory, HeldEntry[]>();
    for (const each of what) {
      const shard = "roomId" in each ? this.#shardOf(each.roomId) : await this.#shardHolding(each.sessionId);
      const portion = portions.get(shard) ?? [];
      portion.push(each);
      portions.set(shard, portion);
    }
    const [first = this.#whole] = this.#shards;
    if (portions.size === 0) return first.handOver([], nodeId);
    const asked = [...portions];
    const settled = await Promise.allSettled(asked.map(([shard, portion]) => shard.handOver(portion, nodeId)));
    const outcomes = settled.map((each) => (each.status === "fulfilled" ? each.value : undefined));
    const handed = outcomes.filter((outcome) => outcome?.kind === "handed");
    if (handed.length === 0) {
      const failed = settled.find((each) => each.status === "rejected");
      if (failed) throw failed.reason;
      return outcomes.find((outcome) => outcome?.kind === "no_lease") ?? { kind: "refused" };
    }
    const sessionIds = handed.flatMap((outcome) => outcome.sessionIds);
    for (const sessionId of sessionIds) this.#places.delete(sessionId);
    const refused = handed.flatMap((outcome) => outcome.refused);
    const unanswered = asked.flatMap(([, portion], n) => (outcomes[n]?.kind === "handed" ? [] : portion));
    return { kind: "handed", sessionIds, refused, ...(unanswered.length > 0 && { unanswered }) };
  }

  async own(): ReturnType<Directory["own"]> {
    const before = new Map(this.#places);
    const parts = await allOf(this.#shards.map((shard) => shard.own()));
    const found = parts.flatMap(({ sessions }, n) => sessions.map((entry) => ({ entry, shard: this.#shards[n] })));
    const sessions = latest(found.map(({ entry }) => entry));
    const kept = new Set<SessionEntry>(sessions);
    // Meanwhile the entries of other sessions have moved, so what was read of these is not true any more.
    const stands = (id: string): boolean => !this.#moving.has(id) && this.#places.get(id) === before.get(id);
    const missing = new Set(before.keys());
    for (const { entry, shard } of found) {
      missing.delete(entry.sessionId);
      if (!shard || !stands(entry.sessionId)) continue;
      if (kept.has(entry)) this.#places.set(entry.sessionId, shard);
      else await shard.removeSession(entry.sessionId, entry.epoch);
    }
    for (const sessionId of missing) if (stands(sessionId)) this.#places.delete(sessionId);
    return { rooms: parts.flatMap(({ rooms }) => rooms), sessions };
  }

  async counts(): ReturnType<Directory["counts"]> {
    const counts = await allOf(this.#shards.map((shard) => shard.counts()));
    return {
      rooms: counts.reduce((sum, { rooms }) => sum + rooms, 0),
      sessions: counts.reduce((sum, { sessions }) => sum + sessions, 0),
    };
  }

  async close(): Promise<void> {
    this.#isLeased = false;
    await allOf([...this.#shards, this.#whole].map((shard) => shard.close()));
  }

  #shardFor({ roomId, sessionId }: SessionEntry): RedisDirectory {
    return this.#shardOf(roomId ?? sessionId);
  }

  /** The shard of a room, or of a session that is in no room. All nodes must find the same one. */
  #shardOf(id: string): RedisDirectory {
    const number = createHash("sha1").update(id).digest().readUInt32BE(0) % this.#shards.length;
    return this.#shards[number] ?? this.#whole;
  }

  /** Where the entry is that this one replaces; undefined when it may be anywhere. */
  #placeOf({ sessionId, epoch, openedAt }: SessionEntry, shard: RedisDirectory): RedisDirectory | undefined {
    if (this.#places.has(sessionId)) return this.#places.get(sessionId);
    // It has begun here under this lease, so nobody has written it yet.
    return epoch === 1 && openedAt > this.#leasedAt ? shard : undefined;
  }

  #remember<O extends { kind: string }>(sessionId: string, shard: RedisDirectory, outcome: O): O {
    if (outcome.kind === "stored") this.#places.set(sessionId, shard);
    return outcome;
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
    const others = this.#shards.filter((each) => each !== shard);
    const removed = await this.#removeFrom(before, others, sessionId, epoch);
    if (removed.kind === "removed" || removed.kind === "gone") return this.#remember(sessionId, shard, outcome);
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

  async #findEverywhere(sessionIds: readonly string[]): Promise<readonly PlacedSession[]> {
    return latest((await allOf(this.#shards.map((shard) => shard.findSessions(sessionIds)))).flat());
  }

  /** Searches once more when it finds nothing: a session may have moved to a shard that had answered already. */
  async #findTwice(find: () => Promise<readonly PlacedSession[]>): Promise<readonly PlacedSession[]> {
    const found = await find();
    return latest(found.length > 0 ? found : await find());
  }

  /** The shard that has the session's latest entry; undefined when none has one. */
  async #shardWith(sessionId: string): Promise<RedisDirectory | undefined> {
    const entry = await this.findSession(sessionId);
    return entry && this.#shardFor(entry);
  }

  async #shardHolding(sessionId: string): Promise<RedisDirectory> {
    return this.#places.get(sessionId) ?? (await this.#shardWith(sessionId)) ?? this.#shardOf(sessionId);
  }

  /**
   * A node that dies while a session enters a room leaves two entries. The one in the room is the right one, and goes with the
   * room. This removes the others.
   */
  async #withoutLeftovers(taken: readonly SessionEntry[]): Promise<readonly SessionEntry[]> {
    const alone = taken.filter(({ roomId }) => roomId === undefined);
    if (alone.length === 0) return taken;
    const found = (
      await allOf(this.#shards.map((shard) => shard.findSessions(alone.map(({ sessionId }) => sessionId))))
    ).flat();
    const inRooms = new Set(found.filter(({ roomId }) => roomId !== undefined).map(({ sessionId }) => sessionId));
    const leftovers = new Set(alone.filter(({ sessionId }) => inRooms.has(sessionId)));
    for (const { sessionId, epoch } of leftovers) await this.#shardOf(sessionId).removeSession(sessionId, epoch);
    return taken.filter((entry) => !leftovers.has(entry));
  }
}

/** Waits for all, also when one rejects, so that nothing goes on after the caller has its answer. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** One view of each lease: it holds what it holds in all shards, and has run out when it has run out in one. */
function merged(views: readonly (readonly NodeView[])[]): readonly NodeView[] {
  const leases = new Map<LeaseId, NodeView>();
  for (const view of views.flat()) {
    const id = leaseId(view);
    const known = leases.get(id);
    leases.set(
      id,
      known
        ? {
            ...known,
            sessions: known.sessions + view.sessions,
            rooms: known.rooms + view.rooms,
            draining: known.draining || view.draining,
            expired: known.expired || view.expired,
          }
        : view,
    );
  }
  return [...leases.values()].toSorted((one, other) => one.epoch - other.epoch);
}

/** One entry of each session: that with the greatest epoch, or the one in a room. */
function latest<E extends SessionEntry>(entries: readonly E[]): readonly E[] {
  const kept = new Map<string, E>();
  for (const entry of entries) {
    const other = kept.get(entry.sessionId);
    const isLater = !other || entry.epoch > other.epoch || (entry.epoch === other.epoch && other.roomId === undefined);
    if (isLater) kept.set(entry.sessionId, entry);
  }
  return [...kept.values()];
}
