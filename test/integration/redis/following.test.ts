/** Messages about users, and the indexes in Redis that say which nodes have to hear of whom. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLeaseId } from "../../../src/ports/lease-id.js";
import type { RedisStoreOptions } from "../../../src/redis/redis-store.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { ask, INDEXES, scriptsOf, serviceIn, silent, type Node } from "./following-nodes.js";

const leaseOf = ({ directory }: Node) => parseLeaseId(directory.lease ?? "");

describe.skipIf(noRedisReason)("messages about users, over Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  const service = (more?: Partial<RedisStoreOptions>) => serviceIn(redis, more);

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

  test("a user who goes is written together with the next one who comes, or with the next look", async () => {
    const { start, members } = service();
    const a = await start("a");
    await a.bus.follow("ada");
    const unfollowed: Promise<void>[] = [];
    const scripts = await scriptsOf(redis, async () => {
      unfollowed.push(a.bus.unfollow("ada"));
      await a.bus.follow("bob");
    });
    expect(scripts).toBe(1);
    expect(await members("followers")).toEqual([a.directory.lease, `bob ${a.directory.lease}`]);
    unfollowed.push(a.bus.unfollow("bob"));
    expect(await a.check.run()).toEqual([]);
    expect(await members("followed-by-lease")).toEqual([a.directory.lease]);
    await Promise.all(unfollowed);
    expect(a.missed).toEqual([]);
  });

  test("thousands of users begin and end in few scripts", async () => {
    const { key, start } = service();
    const a = await start("a");
    const users = Array.from({ length: 3_000 }, (_none, n) => `user-${n}`);
    const scripts = await scriptsOf(redis, async () => {
      await Promise.all(users.map((userId) => a.bus.follow(userId)));
      expect(await redis.cli("zcard", key("followers"))).toBe("3001");
      await Promise.all(users.map((userId) => a.bus.unfollow(userId)));
      expect(await redis.cli("zcard", key("followers"))).toBe("1");
    });
    expect(scripts).toBeLessThan(20);
  });
});
