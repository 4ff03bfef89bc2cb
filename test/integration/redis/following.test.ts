/** Messages about users, and the indexes in Redis that say which nodes have to hear of whom. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parseLeaseId } from "../../../src/ports/lease-id.js";
import type { NodeMessage } from "../../../src/ports/node-messages.js";
import type { StoreCheck } from "../../../src/ports/store-check.js";
import type { RedisBus } from "../../../src/redis/redis-bus.js";
import type { RedisDirectory } from "../../../src/redis/redis-directory.js";
import type { RedisStore, RedisStoreOptions } from "../../../src/redis/redis-store.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";
import { openReadyStore } from "./stores.js";

const silent = { draining: false, sent: 0 };
const ask = (id: string): NodeMessage => ({ type: "ask", id, question: "who", data: {} });
/** Longer than a test. */
const LONG_MS = 60_000;
const INDEXES = ["followers", "followed-by-lease", "messages-by-lease"] as const;

interface Node {
  readonly store: RedisStore;
  readonly directory: RedisDirectory;
  readonly check: StoreCheck;
  readonly bus: RedisBus;
  /** Ids of the messages that have arrived. */
  readonly told: string[];
  readonly missed: string[];
}

const leaseOf = ({ directory }: Node) => parseLeaseId(directory.lease ?? "");

describe.skipIf(noRedisReason)("messages about users, over Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  /** Nodes of one service with its own prefix. They have registered and looked for lost keys, as nodes do at their start. */
  function service(more: Partial<RedisStoreOptions> = {}) {
    const prefix = `test-${randomUUID()}`;
    const key = (name: string): string => `${prefix}:{all}:${name}`;
    const open = async (nodeId: string, url = redis.url): Promise<Node> => {
      const store = await openReadyStore(url, { prefix, leaseMs: LONG_MS, ...more });
      const directory = store.directory(nodeId);
      const bus = store.bus(nodeId);
      const told: string[] = [];
      const missed: string[] = [];
      bus.on("message", ({ message }) => void (message.type === "ask" && told.push(message.id)));
      bus.on("missed", ({ from }) => void missed.push(from));
      await until(() => bus.subscribed);
      return { store, directory, check: store.check(directory), bus, told, missed };
    };
    const start = async (nodeId: string, url?: string): Promise<Node> => {
      const node = await open(nodeId, url);
      await node.directory.register(`wss://${nodeId}`);
      await node.directory.renew(silent);
      expect(await node.check.run()).toEqual([]);
      return node;
    };
    const members = async (name: string): Promise<string[]> =>
      (await redis.cli("zrange", key(name), "0", "-1")).split("\n").flatMap((line) => line.trim() || []);
    return { key, open, start, members };
  }

  test("a node that has not written what it follows gets all of them: at its start, and while it is of an earlier version", async () => {
    const { open, start } = service();
    const [a, b] = [await start("a"), await start("b")];
    const c = await open("c");
    await c.directory.register("wss://c");
    a.bus.sendAbout(["ada"], ask("1"));
    await until(() => c.told.length === 1);
    await c.bus.follow("ada");
    await c.check.run();
    a.bus.sendAbout(["ada"], ask("2"));
    a.bus.sendAbout(["bob"], ask("3"));
    a.bus.send("all", ask("4"));
    await until(() => b.told.includes("4") && c.told.includes("4"));
    expect(b.told).toEqual(["4"]);
    expect(c.told).toEqual(["1", "2", "4"]);
    expect(b.missed).toEqual([]);
  });

  test.each(INDEXES)(
    "%s is lost: nobody misses a message, each node tells the loss once and writes it again",
    async (name) => {
      const { key, start } = service();
      const [a, b, c] = [await start("a"), await start("b"), await start("c")];
      await Promise.all([b.bus.follow("ada"), b.bus.follow("bob"), c.bus.follow("cleo")]);
      expect(await redis.cli("del", key(name))).toBe("1");
      a.bus.sendAbout(["ada"], ask("1"));
      await until(() => b.told.length === 1);
      for (const { check } of [a, b]) expect(await check.run()).toEqual([name]);
      a.bus.sendAbout(["bob"], ask("2"));
      a.bus.sendAbout(["cleo"], ask("3"));
      await until(() => b.told.includes("2") && c.told.includes("3"));
      expect(await c.check.run()).toEqual([name]);
      // Each reads again how things stand.
      expect(b.missed).toEqual(["b"]);
      const before = c.told.length;
      a.bus.sendAbout(["bob"], ask("4"));
      a.bus.send("all", ask("5"));
      await until(() => b.told.at(-1) === "5" && c.told.at(-1) === "5");
      expect(c.told).toHaveLength(before + 1);
      for (const { check } of [a, b, c]) expect(await check.run()).toEqual([]);
      expect([...a.store.link.errors]).toEqual([]);
    },
  );

  test("a node notices that a message to it is lost: at the next one, or at the second look", async () => {
    const { key, start, members } = service();
    const [a, b] = [await start("a"), await start("b")];
    await b.bus.follow("ada");
    a.bus.sendAbout(["ada"], ask("1"));
    await until(() => b.told.length === 1);
    const lease = (await members("messages-by-lease")).find((each) => each.startsWith("b@")) ?? "";
    const lose = () => redis.cli("zincrby", key("messages-by-lease"), "1", lease);
    await lose();
    a.bus.sendAbout(["ada"], ask("2"));
    await until(() => b.told.length === 2);
    expect(b.missed).toEqual(["b"]);
    await b.check.run();
    await lose();
    await b.check.run();
    expect(b.missed).toEqual(["b"]);
    await b.check.run();
    await b.check.run();
    expect(b.missed).toEqual(["b", "b"]);
  });

  test("a message that could not be sent counts as one to all, so every node learns of it", async () => {
    const { start } = service();
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    const a = await start("a", `redis://127.0.0.1:${proxy.port}`);
    const b = await start("b");
    proxy.cut();
    await until(() => a.store.state === "down");
    a.bus.sendAbout(["ada"], ask("1"));
    await until(() => a.bus.sent === 1);
    for (const time of [1, 2]) b.bus.compare("a", time, a.bus.sent);
    expect(b.missed).toEqual(["a"]);
  });

  test("a node that can't write whom it follows writes it at the first look after that, and reads again", async () => {
    const { start } = service();
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    const a = await start("a");
    const b = await start("b", `redis://127.0.0.1:${proxy.port}`);
    await Promise.all([b.bus.follow("ada"), b.bus.follow("eve")]);
    proxy.cut();
    await until(() => b.store.state === "down");
    await Promise.all([b.bus.follow("bob"), b.bus.unfollow("ada")]);
    await expect(b.check.run()).rejects.toThrow();
    proxy.heal();
    await until(() => b.bus.subscribed && b.store.state === "up");
    const before = b.missed.length;
    expect(await b.check.run()).toEqual([]);
    expect(b.missed.length).toBe(before + 1);
    for (const [n, userId] of ["ada", "eve", "bob"].entries()) a.bus.sendAbout([userId], ask(String(n)));
    await until(() => b.told.length === 2);
    expect(b.told).toEqual(["1", "2"]);
  });

  test("a node that loses its lease writes all under the next one", async () => {
    const { start, members } = service({ leaseMs: 300 });
    const [a, b] = [await start("a"), await start("b")];
    await b.bus.follow("ada");
    await until(async () => (await a.directory.takeOver(leaseOf(b), 100)).kind === "taken");
    expect(await b.directory.renew(silent)).toEqual({ kind: "no_lease" });
    const { epoch } = await b.directory.register("wss://b");
    expect(await b.check.run()).toEqual([]);
    expect(b.missed).toEqual(["b"]);
    a.bus.sendAbout(["ada"], ask("1"));
    await until(() => b.told.length === 1);
    expect(await members("followers")).toEqual([a.directory.lease, `b@${epoch}`, `ada b@${epoch}`]);
  });

  test("what a dead node follows goes with its lease, in parts; so does that of a node that stops", async () => {
    const { start, members } = service({ leaseMs: 300 });
    const dead = await start("a");
    const many = Array.from({ length: 1_200 }, (_none, n) => `user ${n}`);
    await Promise.all(many.map((userId) => dead.bus.follow(userId)));
    expect(await members("followers")).toHaveLength(many.length + 1);
    const lease = leaseOf(dead);
    const b = await start("b");
    await Promise.all(many.map((userId) => b.bus.follow(userId)));
    await until(async () => (await b.directory.takeOver(lease, 100)).kind === "taken");
    const isMore = async (): Promise<boolean> => {
      const taken = await b.directory.takeOver(lease, 100);
      return taken.kind === "taken" && taken.more;
    };
    await until(async () => !(await isMore()));
    const left = (await members("followers")).filter((member) => member.includes(" a@"));
    expect(left).toEqual([]);
    expect(await members("messages-by-lease")).toEqual([b.directory.lease]);
    await b.directory.resign();
    for (const name of INDEXES) expect(await members(name)).toEqual([]);
    expect([...b.store.link.errors, ...dead.store.link.errors]).toEqual([]);
  });

  test("a mark that an earlier version has left does not stand for a node that sets none", async () => {
    const { key, open, start } = service();
    const a = await start("a");
    // A node of an earlier version has taken over what `x` held, and sets no marks itself.
    await redis.cli("zadd", key("followers"), "0", " x@1");
    const old = await open("old");
    await old.directory.register("wss://old");
    a.bus.sendAbout(["ada"], ask("1"));
    a.bus.send("all", ask("2"));
    await until(() => old.told.includes("2"));
    expect(old.told).toEqual(["1", "2"]);
    await a.check.run();
    a.bus.sendAbout(["ada"], ask("3"));
    await until(() => old.told.includes("3"));
  });

  test("followers whose lease is gone are removed when somebody tells of the user", async () => {
    const { key, start, members } = service();
    const [a, b] = [await start("a"), await start("b")];
    await b.bus.follow("ada");
    // `followed-by-lease` was lost, and before `x` could write it again, it died.
    await redis.cli("zadd", key("followers"), "0", "ada x@1");
    a.bus.sendAbout(["ada"], ask("1"));
    await until(() => b.told.length === 1);
    const [leaseOfA, leaseOfB] = [a.directory.lease, b.directory.lease];
    expect(await members("followers")).toEqual([leaseOfA, leaseOfB, `ada ${leaseOfB}`]);
  });

  test("what nodes of an earlier version leave behind when they take over is removed", async () => {
    const { key, start, members } = service();
    await redis.cli("zadd", key("followers"), "0", " x@1", "0", "ada x@1");
    await redis.cli("zadd", key("followed-by-lease"), "0", " x@1", "0", "x@1 ada");
    await redis.cli("zadd", key("messages-by-lease"), "7", "x@1");
    const a = await start("a");
    await a.check.run();
    for (const name of ["followers", "followed-by-lease"]) expect(await members(name)).toEqual([a.directory.lease]);
    expect(await members("messages-by-lease")).toEqual([a.directory.lease]);
  });

  test("thousands of users begin and end in few scripts", async () => {
    const { key, start } = service();
    const a = await start("a");
    await redis.cli("config", "resetstat");
    const users = Array.from({ length: 3_000 }, (_none, n) => `user-${n}`);
    await Promise.all(users.map((userId) => a.bus.follow(userId)));
    expect(await redis.cli("zcard", key("followers"))).toBe("3001");
    await Promise.all(users.map((userId) => a.bus.unfollow(userId)));
    expect(await redis.cli("zcard", key("followers"))).toBe("1");
    const scripts = /cmdstat_evalsha:calls=(\d+)/.exec(await redis.cli("info", "commandstats"))?.[1];
    expect(Number(scripts)).toBeLessThan(20);
  });
});
