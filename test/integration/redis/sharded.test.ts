/** What the contract cannot ask of rooms and sessions that are divided over the shards of a cluster. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Directory } from "../../../src/ports/directory.js";
import { parseLeaseId } from "../../../src/ports/lease-id.js";
import { Keys } from "../../../src/redis/keys.js";
import { RedisDirectory } from "../../../src/redis/redis-directory.js";
import { ShardRunner } from "../../../src/redis/runner.js";
import { ShardedDirectory } from "../../../src/redis/sharded-directory.js";
import { Shards } from "../../../src/redis/shards.js";
import { systemClock } from "../../../src/kernel/clock.js";
import type { RedisStore } from "../../../src/redis/redis-store.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { noRedisReason, type RedisServer } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { checkedDirectory, openReadyStore } from "./stores.js";

const SHARDS = 6;
const TAGS = Array.from({ length: SHARDS }, (_, n) => `${n + 1}`);
const LEASE_MS = 600;
const silent = { draining: false, sent: 0 };
const inNoRoom = { roomId: undefined, joinedAt: undefined };

describe.skipIf(noRedisReason)("rooms and sessions that are divided over the shards of a cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());

  interface World {
    readonly prefix: string;
    readonly store: RedisStore;
    readonly node: (nodeId: string) => Promise<ReturnType<RedisStore["directory"]>>;
    /** A node's access to one shard. */
    readonly shard: (tag: string, nodeId: string) => RedisDirectory;
    /** The tags of the shards in which a session has an entry. */
    readonly shardsWith: (sessionId: string) => Promise<readonly string[]>;
  }

  async function world(leaseMs = LEASE_MS): Promise<World> {
    const prefix = `test-${randomUUID()}`;
    const store = await openReadyStore(cluster.url, { prefix, shards: SHARDS, leaseMs });
    const shard = (tag: string, nodeId: string) =>
      new RedisDirectory(new ShardRunner(store.link, new Keys(prefix, 0, tag)), nodeId, leaseMs);
    return {
      prefix,
      store,
      shard,
      node: async (nodeId) => {
        const directory = checkedDirectory(store, nodeId);
        await directory.register(`wss://${nodeId}`);
        return directory;
      },
      shardsWith: async (sessionId) => {
        const found = await Promise.all(
          TAGS.map(async (tag) => ((await shard(tag, "reader").findSession(sessionId)) ? [tag] : [])),
        );
        return found.flat();
      },
    };
  }

  /** Runs until the other node's lease has run out. */
  async function runOut(alive: Directory, nodeId: string): Promise<number> {
    let epoch: number | undefined;
    await until(async () => {
      const outcome = await alive.renew(silent);
      const view = outcome.kind === "renewed" && outcome.nodes.find((node) => node.nodeId === nodeId && node.expired);
      if (view) epoch = view.epoch;
      return epoch !== undefined;
    });
    return epoch ?? 0;
  }

  async function takeAll(by: Directory, nodeId: string, epoch: number): Promise<string[]> {
    const taken: string[] = [];
    for (let more = true; more;) {
      const outcome = await by.takeOver({ nodeId, epoch }, 10);
      if (outcome.kind !== "taken") throw new Error(outcome.kind);
      taken.push(...outcome.sessions.map(({ sessionId, roomId }) => `${sessionId} ${roomId ?? "-"}`));
      more = outcome.more;
    }
    return taken.toSorted();
  }

  test("they are on all masters of the cluster", async () => {
    const { node } = await world(10_000);
    const a = await node("a");
    const before = await Promise.all(cluster.nodes.map((master) => commandsOf(master)));
    for (let n = 0; n < 100; n += 1) {
      await a.claimRoom(`room-${n}`);
      await a.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}` }));
    }
    const after = await Promise.all(cluster.nodes.map((master) => commandsOf(master)));
    for (const [n, commands] of after.entries()) expect(commands - (before[n] ?? 0)).toBeGreaterThan(100);
    expect(await a.counts()).toEqual({ rooms: 100, sessions: 100 });
    const own = await a.own();
    expect(new Set(own.rooms).size).toBe(100);
    expect(new Set(own.sessions.map(({ sessionId }) => sessionId)).size).toBe(100);
  });

  test("a session that enters rooms and leaves them has one entry, and nothing of it is left after its end", async () => {
    const { node, shardsWith } = await world(10_000);
    const a = await node("a");
    await a.putSession(sessionEntry("s1", inNoRoom));
    for (let n = 0; n < 20; n += 1) {
      await a.putSession(sessionEntry("s1", { roomId: `room-${n}` }));
      expect(await shardsWith("s1")).toHaveLength(1);
      expect(await a.findSession("s1")).toMatchObject({ roomId: `room-${n}` });
    }
    await a.putSession(sessionEntry("s1", inNoRoom));
    expect(await a.sessionsOfUser("ada")).toMatchObject([{ sessionId: "s1", roomId: undefined }]);
    expect(await a.removeSession("s1", 1)).toEqual({ kind: "removed" });
    expect(await shardsWith("s1")).toEqual([]);
  });

  test("a node that has lost a session is fenced, whatever the room in which it believes the session to be", async () => {
    const { node, shardsWith } = await world(10_000);
    const [a, b] = [await node("a"), await node("b")];
    await a.putSession(sessionEntry("s1", { roomId: "room-1" }));
    await b.putSession(sessionEntry("s1", { roomId: "room-1", epoch: 7 }));
    for (let n = 2; n < 12; n += 1) {
      expect(await a.putSession(sessionEntry("s1", { roomId: `room-${n}` }))).toEqual({ kind: "fenced", epoch: 7 });
    }
    expect(await a.putSession(sessionEntry("s1", inNoRoom))).toEqual({ kind: "fenced", epoch: 7 });
    expect(await shardsWith("s1")).toHaveLength(1);
    expect(await a.findSession("s1")).toMatchObject({ nodeId: "b", epoch: 7, roomId: "room-1" });
  });

  test("a node that begins again does not write over a session that went on elsewhere meanwhile", async () => {
    const { node } = await world(10_000);
    const [a, b] = [await node("a"), await node("b")];
    await a.putSession(sessionEntry("s1", inNoRoom));
    await b.putSession(sessionEntry("s1", { ...inNoRoom, epoch: 7 }));
    await b.putSession(sessionEntry("s1", { roomId: "another", epoch: 8 }));
    await a.register("wss://a");
    expect(await a.putSession(sessionEntry("s1", inNoRoom))).toEqual({ kind: "fenced", epoch: 8 });
    expect((await a.own()).sessions).toEqual([]);
  });

  test("of a node that died while a session entered a room, the entry in the room is taken over, and the other is removed", async () => {
    const { node, shard, shardsWith } = await world();
    const a = await node("a");
    const dead = await node("dead");
    for (let n = 0; n < 5; n += 1) {
      await dead.putSession(sessionEntry(`s${n}`, inNoRoom));
      const [before = ""] = await shardsWith(`s${n}`);
      await dead.claimRoom(`room-${n}`);
      await dead.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}` }));
      if ((await shardsWith(`s${n}`))[0] === before) continue;
      // The entry that a process leaves when it dies before it can remove it.
      const left = shard(before, "dead");
      await left.register("wss://dead", { exact: parseLeaseId(dead.lease ?? "").epoch });
      await left.putSession(sessionEntry(`s${n}`, inNoRoom));
      expect(await shardsWith(`s${n}`)).toHaveLength(2);
    }
    const epoch = await runOut(a, "dead");
    // It runs out in each shard at another moment.
    const isOver = Date.now() + LEASE_MS;
    while (Date.now() < isOver) await a.renew(silent);
    const taken = await takeAll(a, "dead", epoch);
    expect(taken).toEqual(["s0 room-0", "s1 room-1", "s2 room-2", "s3 room-3", "s4 room-4"]);
    for (let n = 0; n < 5; n += 1) {
      expect(await shardsWith(`s${n}`)).toHaveLength(1);
      expect(await a.findSession(`s${n}`)).toMatchObject({ nodeId: "a", roomId: `room-${n}` });
    }
  });

  test.each([
    ["that it remembers", false],
    ["after it has registered again", true],
  ])("a node that finds two entries of sessions %s keeps those in rooms", async (_when, again) => {
    const { node, shard, shardsWith } = await world(20_000);
    const a = await node("a");
    const ids = ["s1", "s2", "s3", "s4", "s5", "s6"];
    const places = new Map<string, string>();
    for (const id of ids) {
      await a.putSession(sessionEntry(id, inNoRoom));
      places.set(id, (await shardsWith(id))[0] ?? "");
      await a.putSession(sessionEntry(id, { roomId: `room of ${id}` }));
    }
    if (again) await a.register("wss://a");
    const { epoch } = parseLeaseId(a.lease ?? "");
    for (const [id, tag] of places) {
      const rooms = await shardsWith(id);
      const left = shard(tag, "a");
      await left.register("wss://a", { exact: epoch });
      if (!rooms.includes(tag)) await left.putSession(sessionEntry(id, inNoRoom));
      for (const inRoom of rooms) {
        const there = shard(inRoom, "a");
        await there.register("wss://a", { exact: epoch });
        await there.putSession(sessionEntry(id, { roomId: `room of ${id}` }));
      }
    }
    const { sessions } = await a.own();
    expect(sessions.map(({ roomId = "" }) => roomId).toSorted()).toEqual(ids.map((id) => `room of ${id}`));
    for (const id of ids) expect(await shardsWith(id)).toHaveLength(1);
  });

  test("a look at all own sessions while they enter and leave rooms loses none", async () => {
    const { node, shardsWith } = await world(20_000);
    const a = await node("a");
    const ids = Array.from({ length: 20 }, (_, n) => `s${n}`);
    for (const id of ids) await a.putSession(sessionEntry(id, inNoRoom));
    const looking = (async () => {
      for (let looks = 0; looks < 150; looks += 1) await a.own();
    })();
    const turns = (async () => {
      for (let turn = 0; turn < 30; turn += 1) {
        const where = (n: number) => (turn % 2 === 0 ? { roomId: `room-${n}-${turn}` } : inNoRoom);
        await Promise.all(ids.map((id, n) => a.putSession(sessionEntry(id, where(n)))));
        for (const id of ids) expect(await shardsWith(id)).toHaveLength(1);
      }
    })();
    await turns;
    await looking;
  });

  test("a search finds a session that moves to a shard which has answered already", async () => {
    const { prefix, store, node, shardsWith } = await world(20_000);
    const a = await node("a");
    /** Its answers to the first search come when the test says so. */
    class LateShard extends RedisDirectory {
      static until: Promise<void> = Promise.resolve();
      static tag = "";
      readonly #tag: string;
      #isFirst = true;

      constructor(tag: string) {
        super(new ShardRunner(store.link, new Keys(prefix, 0, tag)), "b", 20_000);
        this.#tag = tag;
      }

      override async findSession(id: string) {
        await this.#turn();
        return super.findSession(id);
      }

      override async findSessions(ids: readonly string[]) {
        await this.#turn();
        return super.findSessions(ids);
      }

      override async sessionsOfUser(id: string) {
        await this.#turn();
        return super.sessionsOfUser(id);
      }

      async #turn(): Promise<void> {
        if (this.#tag === LateShard.tag && this.#isFirst) await LateShard.until;
        this.#isFirst = false;
      }
    }
    const searches = [
      async (by: Directory) => [await by.findSession("s1")],
      (by: Directory) => by.findSessions(["s1"]),
      (by: Directory) => by.sessionsOfUser("ada"),
    ];
    for (const [n, search] of searches.entries()) {
      await a.putSession(sessionEntry("s1", { roomId: `room-${n}` }));
      const [before = ""] = await shardsWith("s1");
      let answer = (): void => undefined;
      LateShard.until = new Promise((resolve) => (answer = resolve));
      LateShard.tag = before;
      const [first = "", ...others] = TAGS;
      const shards = new Shards([new LateShard(first), ...others.map((tag) => new LateShard(tag))]);
      const whole = new RedisDirectory(store.link, "b", 20_000);
      const b = new ShardedDirectory({ whole, shards, clock: systemClock, wrote: () => undefined });
      const found = search(b);
      // All other shards have answered.
      await Promise.all(TAGS.filter((tag) => tag !== before).map((tag) => new LateShard(tag).findSession("s1")));
      for (let moved = 0; (await shardsWith("s1"))[0] === before; moved += 1) {
        await a.putSession(sessionEntry("s1", { roomId: `other-${n}-${moved}` }));
      }
      answer();
      expect(await found).toMatchObject([{ sessionId: "s1" }]);
    }
  });

  test("a first write that has failed leaves nothing behind", async () => {
    const { prefix, node, shardsWith } = await world(20_000);
    const a = await node("a");
    const opened = { openedAt: Date.now() + 1 };
    // Where the entry will be is known from another node's entry of the same session.
    const b = await node("b");
    for (let n = 0; n < 3; n += 1) {
      await b.putSession(sessionEntry(`s${n}`, inNoRoom));
      const [tag = ""] = await shardsWith(`s${n}`);
      await b.removeSession(`s${n}`, 1);
      const resume = pause(await cluster.holderOf(`${prefix}:{${tag}}:sessions`));
      await expect(a.putSession(sessionEntry(`s${n}`, { ...inNoRoom, ...opened }))).rejects.toThrow(/put-sessions/);
      resume();
      await until(() =>
        shardsWith(`s${n}`).then(
          (tags) => tags.length === 1,
          () => false,
        ),
      );
      await a.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}`, ...opened }));
      expect(await shardsWith(`s${n}`)).toHaveLength(1);
      expect(await a.findSession(`s${n}`)).toMatchObject({ roomId: `room-${n}` });
    }
  });

  test("after a move that has failed halfway, the next write and the end leave nothing behind", async () => {
    const { prefix, node, shardsWith } = await world(20_000);
    const a = await node("a");
    for (let n = 0; n < 4; n += 1) {
      await a.putSession(sessionEntry(`s${n}`, inNoRoom));
      const [tag = ""] = await shardsWith(`s${n}`);
      const master = await cluster.holderOf(`${prefix}:{${tag}}:sessions`);
      const resume = pause(master);
      await Promise.allSettled([a.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}` }))]);
      resume();
      await until(() =>
        a.renew(silent).then(
          ({ kind }) => kind === "renewed",
          () => false,
        ),
      );
      if (n % 2 === 0) await a.putSession(sessionEntry(`s${n}`, { roomId: `third-${n}` }));
      await a.removeSession(`s${n}`, 1);
      expect(await shardsWith(`s${n}`)).toEqual([]);
    }
  });

  test("a registration that one master refuses leaves no lease at the others", async () => {
    const { prefix, store } = await world(20_000);
    const a = store.directory("a");
    const full = await cluster.holderOf(`${prefix}:{1}:leases`);
    await full.cli("config", "set", "maxmemory", "1");
    onTestFinished(async () => void (await full.cli("config", "set", "maxmemory", "0")));
    for (let n = 0; n < 5; n += 1) await expect(a.register("wss://a")).rejects.toThrow(/register|OOM/);
    await full.cli("config", "set", "maxmemory", "0");
    await a.register("wss://a");
    const renewed = await a.renew(silent);
    expect(renewed.kind === "renewed" && renewed.nodes).toHaveLength(1);
  });

  test("a node that wakes up while it is taken over writes in no shard, and the session keeps one entry", async () => {
    const { node, shardsWith } = await world();
    const a = await node("a");
    const b = await node("b");
    for (let n = 0; n < 12; n += 1) await a.putSession(sessionEntry(`s${n}`, inNoRoom));
    const epoch = await runOut(b, "a");
    const isOver = Date.now() + LEASE_MS;
    while (Date.now() < isOver) await b.renew(silent);
    // The first call claims everything, whatever it takes.
    await b.takeOver({ nodeId: "a", epoch }, 1);
    for (let n = 0; n < 12; n += 1) {
      expect(await a.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}` }))).toEqual({ kind: "no_lease" });
      expect(await shardsWith(`s${n}`)).toHaveLength(1);
    }
  });

  test("a new session is written in its shard only, and asks nothing of the others", async () => {
    const { node } = await world(20_000);
    const a = await node("a");
    // A master that does not know the script yet is asked twice.
    for (let n = 0; n < 60; n += 1) await a.putSession(sessionEntry(`known-${n}`, inNoRoom));
    const before = await Promise.all(cluster.nodes.map((master) => scriptsOf(master)));
    const opened = { ...inNoRoom, openedAt: Date.now() + 1 };
    for (let n = 0; n < 30; n += 1) await a.putSession(sessionEntry(`s${n}`, opened));
    const after = await Promise.all(cluster.nodes.map((master) => scriptsOf(master)));
    const scripts = after.reduce((sum, count, n) => sum + count - (before[n] ?? 0), 0);
    expect(scripts).toBe(30);
  });

  test("a lease that one shard has lost is lost as a whole, and the node gets another under one epoch", async () => {
    const { prefix, store, node } = await world(10_000);
    const a = await node("a");
    const key = `${prefix}:{3}:leases`;
    await (await cluster.holderOf(key)).cli("del", key);
    expect(await a.renew(silent)).toEqual({ kind: "no_lease" });
    const { epoch } = await a.register("wss://a");
    const renewed = await a.renew(silent);
    if (renewed.kind !== "renewed") throw new Error(renewed.kind);
    expect(renewed.nodes.filter(({ expired }) => !expired).at(-1)).toMatchObject({ nodeId: "a", epoch });
    expect(await store.check(a).run()).toEqual([]);
  });

  test("a lost key of any shard is found", async () => {
    const { prefix, store } = await world(10_000);
    const a = store.directory("a");
    const check = store.check(a);
    await a.register("wss://a");
    await a.renew(silent);
    for (let n = 0; n < 60; n += 1) {
      await a.claimRoom(`room-${n}`);
      await a.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}` }));
    }
    expect(await check.run()).toEqual([]);
    for (const [n, name] of ["sessions", "rooms-by-lease", "sessions-by-user"].entries()) {
      const key = `${prefix}:{${n + 1}}:${name}`;
      await (await cluster.holderOf(key)).cli("del", key);
      expect(await check.run()).toContain(name);
    }
  });

  test("new rooms go to the nodes in such a way that each gets about its share of people", async () => {
    const { node } = await world(20_000);
    const nodes = await Promise.all(["a", "b", "c"].map(node));
    const held = new Map<string, number>();
    for (let n = 0; n < 300; n += 1) {
      const asked = nodes[n % 3];
      const claim = await asked?.claimRoom(`room-${n}`);
      const id = claim?.kind === "elsewhere" ? claim.nodeId : (asked?.nodeId ?? "");
      const home = nodes.find(({ nodeId }) => nodeId === id);
      await home?.claimRoom(`room-${n}`);
      await home?.putSession(sessionEntry(`s${n}`, { roomId: `room-${n}` }));
      held.set(id, (held.get(id) ?? 0) + 1);
    }
    for (const { nodeId } of nodes) expect(held.get(nodeId)).toBeGreaterThan(80);
  });

  test("nodes that divide by another number, or not at all, are refused, and so is a node that divides where nobody does", async () => {
    const { prefix, store } = await world(10_000);
    expect(await store.nodeName("a", undefined).hold()).toEqual({ kind: "held", format: 1_006 });
    const open = (shards: number) => openReadyStore(cluster.url, { prefix, shards });
    for (const shards of [1, 5]) {
      const outcome = await (await open(shards)).nodeName("b", undefined).hold();
      expect(outcome).toMatchObject({ kind: "unreadable", format: 1_006 });
    }
    expect(await (await open(6)).nodeName("b", undefined).hold()).toMatchObject({ kind: "held" });
    const other = `test-${randomUUID()}`;
    const one = await openReadyStore(cluster.url, { prefix: other });
    await one.nodeName("a", undefined).hold();
    await one.directory("a").register("wss://a");
    const divided = await openReadyStore(cluster.url, { prefix: other, shards: 6 });
    expect(await divided.nodeName("b", undefined).hold()).toMatchObject({ kind: "unreadable" });
  });

  test("while one master stands still the store is down, and it is up again when all answer", async () => {
    const { prefix, store, node } = await world(10_000);
    const a = await node("a");
    const seen: string[] = [];
    store.on("down", () => seen.push("down"));
    store.on("up", () => seen.push("up"));
    const master = await cluster.holderOf(`${prefix}:{2}:rooms`);
    const resume = pause(master);
    await expect(a.renew(silent)).rejects.toThrow(/renew/);
    await expect(a.renew(silent)).rejects.toThrow(/renew/);
    // Other masters answer meanwhile.
    await Promise.allSettled(Array.from({ length: 30 }, (_, n) => a.claimRoom(`room-${n}`)));
    expect(seen).toEqual(["down"]);
    resume();
    await until(() =>
      a.renew(silent).then(
        () => true,
        () => false,
      ),
    );
    expect(seen).toEqual(["down", "up"]);
  });
});

async function commandsOf(master: RedisServer): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await master.cli("info", "stats"))?.[1]);
}

/** How many scripts a master has run. */
async function scriptsOf(master: RedisServer): Promise<number> {
  const stats = await master.cli("info", "commandstats");
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Stops a Redis process. @returns lets it go on */
function pause(server: RedisServer): () => void {
  const resume = (): void => server.signal("SIGCONT");
  server.signal("SIGSTOP");
  onTestFinished(resume);
  return resume;
}
