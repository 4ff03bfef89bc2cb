/**
 * A directory whose rooms and sessions are divided over the shards of a Redis Cluster. A room is in one shard together with
 * everybody who is in it, so whatever changes a room is still one script:
 *
 *     session in no room --its id--> shard <--the room's id-- room, and the sessions in it
 *
 * A node has a lease in each shard, all under the same epoch. It is dead as soon as one of them has run out. What belongs to no
 * room (names of nodes, calls, blocks, events, who hears of whom) stays in `whole`, which has a lease as well.
 */
import type { Clock } from "../kernel/clock.js";
import { KeyedQueue } from "../kernel/keyed-queue.js";
import type { Directory, HeldEntry, NodeStatus, NodeView, PlacedSession, SessionEntry } from "../ports/directory.js";
import { leaseId, type LeaseId, type LeaseKey } from "../ports/lease-id.js";
import type { RedisDirectory } from "./redis-directory.js";
import { NO_LEASE } from "./replies.js";
import { SessionPlaces } from "./session-places.js";
import { allOf, latestEntries, mergedViews, type Shards } from "./shards.js";

export class ShardedDirectory implements Directory {
  readonly nodeId: string;
  readonly #whole: RedisDirectory;
  readonly #shards: Shards;
  readonly #places: SessionPlaces;
  readonly #wrote: () => void;
  /** The shard with which a takeover goes on. */
  readonly #takenUpTo = new Map<LeaseId, number>();
  readonly #takeovers = new KeyedQueue<LeaseId>();
  /** Whether this node has a lease in every shard. */
  #isLeased = false;

  /** @param parts `whole`: of the keys that are not divided. `wrote`: called when every shard has just accepted a write */
  constructor(parts: { whole: RedisDirectory; shards: Shards; clock: Clock; wrote: () => void }) {
    this.nodeId = parts.whole.nodeId;
    this.#whole = parts.whole;
    this.#shards = parts.shards;
    this.#places = new SessionPlaces(parts.shards, parts.clock);
    this.#wrote = parts.wrote;
  }

  /** The lease under which this node writes what is not divided; undefined before {@link register}. */
  get lease(): LeaseId | undefined {
    return this.#whole.lease;
  }

  async register(url: string | undefined): Promise<{ epoch: number; leaseMs: number }> {
    this.#isLeased = false;
    this.#places.leaseBegins();
    this.#takenUpTo.clear();
    const least = await this.#leastEpoch();
    // The epoch is greater than all that the shards have given before. `whole` gives no two nodes the same one.
    const { epoch, leaseMs } = await this.#whole.register(url, { least });
    const shards = this.#shards.all;
    const begun = await Promise.allSettled(shards.map((shard) => shard.register(url, { exact: epoch })));
    const failed = begun.find((each) => each.status === "rejected");
    if (failed) {
      // Otherwise each attempt would leave a lease in each shard that has answered.
      const answered = shards.filter((_, n) => begun[n]?.status === "fulfilled");
      await Promise.allSettled([...answered, this.#whole].map((shard) => shard.resign()));
      throw failed.reason;
    }
    this.#isLeased = true;
    this.#wrote();
    return { epoch, leaseMs };
  }

  async renew(status: NodeStatus): ReturnType<Directory["renew"]> {
    if (!this.#isLeased) return NO_LEASE;
    const answers = await allOf([this.#whole, ...this.#shards.all].map((shard) => shard.renew(status)));
    const nodes: (readonly NodeView[])[] = [];
    for (const answer of answers) {
      if (answer.kind === "no_lease") return answer;
      nodes.push(answer.nodes);
    }
    this.#wrote();
    return { kind: "renewed", nodes: mergedViews(nodes) };
  }

  async resign(): Promise<void> {
    this.#isLeased = false;
    await allOf([...this.#shards.all, this.#whole].map((shard) => shard.resign()));
  }

  async newEpoch(): Promise<number> {
    const epoch = await this.#whole.newEpoch(await this.#leastEpoch());
    // What a shard gives from now on is greater.
    await this.#shards.ask((shard) => shard.newEpoch(epoch));
    return epoch;
  }

  async claimRoom(roomId: string): ReturnType<Directory["claimRoom"]> {
    return this.#isLeased ? this.#shards.of(roomId).claimRoom(roomId) : NO_LEASE;
  }

  async previewRoom(roomId: string): ReturnType<Directory["previewRoom"]> {
    return this.#isLeased ? this.#shards.of(roomId).previewRoom(roomId) : NO_LEASE;
  }

  async reclaimRoom(roomId: string): ReturnType<Directory["reclaimRoom"]> {
    return this.#isLeased ? this.#shards.of(roomId).reclaimRoom(roomId) : NO_LEASE;
  }

  async releaseRoom(roomId: string): ReturnType<Directory["releaseRoom"]> {
    return this.#isLeased ? this.#shards.of(roomId).releaseRoom(roomId) : NO_LEASE;
  }

  findRoom(roomId: string): ReturnType<Directory["findRoom"]> {
    return this.#shards.of(roomId).findRoom(roomId);
  }

  async putSession(entry: SessionEntry): ReturnType<Directory["putSession"]> {
    return this.#isLeased ? this.#places.put(entry) : NO_LEASE;
  }

  async removeSession(sessionId: string, epoch: number): ReturnType<Directory["removeSession"]> {
    return this.#isLeased ? this.#places.remove(sessionId, epoch) : NO_LEASE;
  }

  async findSession(sessionId: string): Promise<PlacedSession | undefined> {
    const [found] = await this.#findTwice(async () => {
      const answers = await Promise.allSettled(this.#shards.all.map((shard) => shard.findSession(sessionId)));
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
    return this.#findTwice(async () => (await this.#shards.ask((shard) => shard.sessionsOfUser(userId))).flat());
  }

  /**
   * Claims the lease in all shards. Then takes what is in the shards, one after the other, and in the end the lease in `whole`. The
   * claims come first, so that a node that wakes up can write nothing in a shard whose turn has not come.
   */
  takeOver(lease: LeaseKey, most: number): ReturnType<Directory["takeOver"]> {
    return this.#takeovers.run(leaseId(lease), () => this.#takeNext(lease, most));
  }

  async #takeNext(lease: LeaseKey, most: number): ReturnType<Directory["takeOver"]> {
    if (!this.#isLeased) return NO_LEASE;
    const id = leaseId(lease);
    const all = [...this.#shards.all, this.#whole];
    const sessions: SessionEntry[] = [];
    let isAlive = true;
    if (!this.#takenUpTo.has(id)) await this.#shards.ask((shard) => shard.takeOver(lease, 0));
    let from = this.#takenUpTo.get(id) ?? 0;
    this.#takenUpTo.delete(id);
    for (const shard of all.slice(from)) {
      const outcome = await shard.takeOver(lease, most - sessions.length);
      if (outcome.kind === "no_lease") return outcome;
      isAlive &&= outcome.kind === "alive";
      if (outcome.kind === "taken") {
        sessions.push(...outcome.sessions);
        if (outcome.more) {
          this.#takenUpTo.set(id, from);
          return { kind: "taken", sessions: await this.#received(sessions), more: true };
        }
      }
      from += 1;
    }
    return isAlive ? { kind: "alive" } : { kind: "taken", sessions: await this.#received(sessions), more: false };
  }

  async handOver(what: readonly HeldEntry[], nodeId: string): ReturnType<Directory["handOver"]> {
    if (!this.#isLeased) return NO_LEASE;
    const portions = new Map<RedisDirectory, HeldEntry[]>();
    for (const each of what) {
      const shard = "roomId" in each ? this.#shards.of(each.roomId) : await this.#shardHolding(each.sessionId);
      const portion = portions.get(shard) ?? [];
      portion.push(each);
      portions.set(shard, portion);
    }
    if (portions.size === 0) return this.#shards.all[0].handOver([], nodeId);
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
    this.#places.gave(sessionIds);
    const refused = handed.flatMap((outcome) => outcome.refused);
    const unanswered = asked.flatMap(([, portion], n) => (outcomes[n]?.kind === "handed" ? [] : portion));
    return { kind: "handed", sessionIds, refused, ...(unanswered.length > 0 && { unanswered }) };
  }

  own(): ReturnType<Directory["own"]> {
    return this.#places.own();
  }

  async counts(): ReturnType<Directory["counts"]> {
    const counts = await this.#shards.ask((shard) => shard.counts());
    return {
      rooms: counts.reduce((sum, { rooms }) => sum + rooms, 0),
      sessions: counts.reduce((sum, { sessions }) => sum + sessions, 0),
    };
  }

  async close(): Promise<void> {
    this.#isLeased = false;
    await allOf([...this.#shards.all, this.#whole].map((shard) => shard.close()));
  }

  /** Greater than every epoch that a shard has given before. */
  async #leastEpoch(): Promise<number> {
    return Math.max(...(await this.#shards.ask((shard) => shard.newEpoch())));
  }

  async #findEverywhere(sessionIds: readonly string[]): Promise<readonly PlacedSession[]> {
    return latestEntries((await this.#shards.ask((shard) => shard.findSessions(sessionIds))).flat());
  }

  /** Searches once more when it finds nothing: a session may have moved to a shard that had answered already. */
  async #findTwice(find: () => Promise<readonly PlacedSession[]>): Promise<readonly PlacedSession[]> {
    const found = await find();
    return latestEntries(found.length > 0 ? found : await find());
  }

  async #shardHolding(sessionId: string): Promise<RedisDirectory> {
    const known = this.#places.get(sessionId);
    if (known) return known;
    const entry = await this.findSession(sessionId);
    return entry ? this.#shards.for(entry) : this.#shards.of(sessionId);
  }

  /**
   * A node that dies while a session enters a room leaves two entries. The one in the room is the right one, and goes with the
   * room. This removes the others.
   */
  async #received(taken: readonly SessionEntry[]): Promise<readonly SessionEntry[]> {
    const alone = taken.filter(({ roomId }) => roomId === undefined);
    const ids = alone.map(({ sessionId }) => sessionId);
    const found = ids.length === 0 ? [] : (await this.#shards.ask((shard) => shard.findSessions(ids))).flat();
    const inRooms = new Set(found.filter(({ roomId }) => roomId !== undefined).map(({ sessionId }) => sessionId));
    const second = new Set(alone.filter(({ sessionId }) => inRooms.has(sessionId)));
    await allOf([...second].map((entry) => this.#shards.for(entry).removeSession(entry.sessionId, entry.epoch)));
    const sessions = taken.filter((entry) => !second.has(entry));
    this.#places.took(sessions);
    return sessions;
  }
}
