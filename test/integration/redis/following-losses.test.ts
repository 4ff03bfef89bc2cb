/** What is lost of the messages about users, and of the indexes that say which nodes have to hear of whom. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";
import { ask, INDEXES, scriptsOf, serviceIn } from "./following-nodes.js";

describe.skipIf(noRedisReason)("a loss of messages about users, or of who follows whom", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  const service = () => serviceIn(redis);

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

  test.each(INDEXES)("%s is lost, and the answer to a write of it: the next look tells the loss", async (name) => {
    const { key, start } = service();
    const a = await start("a");
    await a.bus.follow("ada");
    await a.check.run();
    await redis.cli("del", key(name));
    const { link } = a.store;
    const run = link.run.bind(link);
    link.run = async (script, args, ...more) => {
      const answer = await run(script, args, ...more);
      if (args[1] !== "written") return answer;
      link.run = run;
      throw new Error("the answer was lost");
    };
    await expect(a.check.run()).rejects.toThrow("the answer was lost");
    expect(await a.check.run()).toEqual([name]);
    expect(await a.check.run()).toEqual([]);
  });

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

  test("Redis goes back to older data: the node writes again whom it has followed since then, and reads again", async () => {
    const { key, start } = service();
    const [a, b] = [await start("a"), await start("b")];
    await Promise.all([b.bus.follow("ada"), b.bus.follow("bob")]);
    await b.check.run();
    await redis.cli("zrem", key("followers"), `bob ${b.directory.lease}`);
    await redis.cli("zrem", key("followed-by-lease"), `${b.directory.lease} bob`);
    expect([await b.check.run(), await b.check.run()]).toEqual([[], []]);
    expect(b.missed).toEqual(["b"]);
    a.bus.sendAbout(["bob"], ask("1"));
    await until(() => b.told.length === 1);
  });

  test("after an outage a node compares each user: the number of them can be right by chance", async () => {
    const { key, start, members } = service();
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    const b = await start("b", `redis://127.0.0.1:${proxy.port}`);
    await Promise.all([b.bus.follow("ada"), b.bus.follow("the user bob")]);
    const before = await members("followed-by-lease");
    const { lease } = b.directory;
    proxy.cut();
    await until(() => b.store.state === "down");
    for (const [name, gone, back] of [
      ["followers", `the%20user%20bob ${lease}`, `eve ${lease}`],
      ["followed-by-lease", `${lease} the%20user%20bob`, `${lease} eve`],
    ] as const) {
      expect(await redis.cli("zrem", key(name), gone)).toBe("1");
      await redis.cli("zadd", key(name), "0", back);
    }
    proxy.heal();
    await until(() => b.store.state === "up");
    expect(await b.check.run()).toEqual([]);
    expect(await members("followed-by-lease")).toEqual(before);
    expect(await members("followers")).toEqual([lease, `ada ${lease}`, `the%20user%20bob ${lease}`]);
  });

  test("after an outage users who come during the look are not taken for lost ones", async () => {
    const { start, members } = service();
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    const b = await start("b", `redis://127.0.0.1:${proxy.port}`);
    await b.bus.follow("ada");
    proxy.cut();
    await until(() => b.store.state === "down");
    proxy.heal();
    await until(() => b.bus.subscribed && b.store.state === "up");
    const before = b.missed.length;
    const comers: string[] = [];
    const state = { isLooking: true };
    const look = b.check.run().finally(() => (state.isLooking = false));
    const following: Promise<void>[] = [];
    while (state.isLooking) {
      comers.push(`user-${comers.length}`);
      following.push(b.bus.follow(comers.at(-1) ?? ""));
      await new Promise(setImmediate);
    }
    expect(await look).toEqual([]);
    await Promise.all(following);
    expect(await members("followed-by-lease")).toHaveLength(1 + 1 + comers.length);
    expect(b.missed).toHaveLength(before);
  });

  test("users who came and went while Redis was away cost nothing when it is back", async () => {
    const { start } = service();
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    const b = await start("b", `redis://127.0.0.1:${proxy.port}`);
    await b.bus.follow("ada");
    proxy.cut();
    await until(() => b.store.state === "down");
    const users = Array.from({ length: 100_000 }, (_none, n) => `user-${n}`);
    await Promise.all(users.map((userId) => [b.bus.follow(userId), b.bus.unfollow(userId)]).flat());
    proxy.heal();
    await until(() => b.store.state === "up");
    expect(await scriptsOf(redis, () => b.check.run())).toBeLessThan(10);
  });

  test("an index that is lost while a node writes is not taken for a whole one", async () => {
    const { key, start, members } = service();
    const b = await start("b");
    await Promise.all([b.bus.follow("eve"), b.bus.follow("bob")]);
    const { link } = b.store;
    const run = link.run.bind(link);
    let isNext: "refused" | "lost" | undefined = "refused";
    link.run = async (script, args) => {
      if (script.name !== "follow-users" || isNext === undefined) return run(script, args);
      const now = isNext;
      isNext = undefined;
      if (now === "refused") throw new Error("refused");
      await redis.cli("del", key("followers"));
      return run(script, args);
    };
    await b.bus.follow("ada");
    isNext = "lost";
    expect(await b.check.run()).toEqual([]);
    expect(await b.check.run()).toEqual(["followers"]);
    const { lease } = b.directory;
    expect(await members("followers")).toEqual([lease, `ada ${lease}`, `bob ${lease}`, `eve ${lease}`]);
  });
});
