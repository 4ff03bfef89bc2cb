import { describe, expect, onTestFinished, test } from "vitest";
import type { Formats, NodeName } from "../../../src/ports/node-name.js";
import { FORMATS } from "../../../src/redis/redis-node-name.js";
import type { RedisStore } from "../../../src/redis/redis-store.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { openReadyStore } from "../redis/stores.js";

/** A build that reads only the present format, the release after it, and the one after that. */
const PRESENT: Formats = { oldest: 1, newest: 1 };
const NEXT: Formats = { oldest: 1, newest: 2 };
const AFTER_NEXT: Formats = { oldest: 2, newest: 3 };

interface Node {
  store: RedisStore;
  name: NodeName;
  directory: ReturnType<RedisStore["directory"]>;
}

async function startRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  return redis;
}

async function startNode(redis: RedisServer, nodeId: string, formats: Formats): Promise<Node> {
  const store = await openReadyStore(redis.url, { formats });
  const name = store.nodeName(nodeId, `http://${nodeId}`);
  return { store, name, directory: store.directory(nodeId) };
}

const stored = (redis: RedisServer): Promise<string> => redis.cli("get", "lastseen:{all}:format");

describe.skipIf(noRedisReason)("the format of what is stored", () => {
  test("in a rolling upgrade old and new nodes write the old format; the last old node's end raises it", async () => {
    const redis = await startRedis();
    const [one, two] = [await startNode(redis, "one", PRESENT), await startNode(redis, "two", PRESENT)];
    for (const { name, directory } of [one, two]) {
      expect(await name.hold()).toEqual({ kind: "held", format: 1 });
      await directory.register(undefined);
    }
    await one.directory.putSession(sessionEntry("s1"));

    // The first node is replaced. The other one is still of the old build.
    await one.name.release();
    const newOne = await startNode(redis, "one", NEXT);
    expect(await newOne.name.hold()).toEqual({ kind: "held", format: 1 });
    await newOne.directory.register(undefined);
    await newOne.directory.putSession(sessionEntry("s2"));
    expect(await two.directory.findSession("s2")).toMatchObject({ nodeId: "one" });
    expect(await newOne.directory.findSession("s1")).toMatchObject({ nodeId: "one" });
    expect(await two.name.hold()).toEqual({ kind: "held", format: 1 });

    // The second one is killed, and replaced. Its lease has to be over before anybody writes what it could not read.
    const newTwo = await startNode(redis, "two-b", NEXT);
    await until(async () => {
      await newOne.name.hold();
      return (await newTwo.name.hold()).kind === "held" && (await stored(redis)) === "2";
    });
    expect(await newOne.name.hold()).toEqual({ kind: "held", format: 2 });
    expect(await newTwo.directory.findSession("s1")).toMatchObject({ nodeId: "one" });

    // Nobody goes back to the old build, and the release after the next one can come.
    expect(await two.name.hold()).toEqual({ kind: "unreadable", format: 2, readable: PRESENT });
    const latest = await startNode(redis, "three", AFTER_NEXT);
    expect(await latest.name.hold()).toEqual({ kind: "held", format: 2 });
    expect(await newOne.name.hold()).toEqual({ kind: "held", format: 2 });
  });

  test("a release is not left out: a build that cannot read the stored format any more does not start", async () => {
    const redis = await startRedis();
    await (await startNode(redis, "one", PRESENT)).name.hold();
    const latest = await startNode(redis, "two", AFTER_NEXT);
    expect(await latest.name.hold()).toEqual({ kind: "unreadable", format: 1, readable: AFTER_NEXT });
  });

  test("nodes of builds before this key have only a lease: the format is 1 until they are gone", async () => {
    const redis = await startRedis();
    const old = (await startNode(redis, "old", PRESENT)).directory;
    await old.register(undefined);
    const { name } = await startNode(redis, "new", NEXT);
    expect(await name.hold()).toEqual({ kind: "held", format: 1 });
    await old.resign();
    expect(await name.hold()).toEqual({ kind: "held", format: 2 });
  });

  test("a living node of format 1 writes no indexes of leases, and counts all the same; with its end the indexes are written", async () => {
    const redis = await startRedis();
    const key = (name: string): string => `lastseen:{all}:${name}`;
    const never = "9999999999999";
    await redis.cli("hset", key("node-names"), "old", `process 1 ${never} 1 wss://old`);
    await redis.cli("hset", key("leases"), "old@5", `${never} 0 0 17 wss://old`);
    await redis.cli("hset", key("sessions"), "s9", "1 old@5 ada daily {}");
    await redis.cli("zadd", key("sessions-by-lease"), "0", "old@5 s9");

    const one = await startNode(redis, "one", FORMATS);
    expect(await one.name.hold()).toEqual({ kind: "held", format: 1 });
    await one.directory.register("wss://one");
    const check = one.store.check(one.directory);
    const nodes = async (): Promise<string[]> => {
      const outcome = await one.directory.renew({ draining: false, sent: 0 });
      return outcome.kind === "renewed" ? outcome.nodes.map(({ nodeId, sessions }) => `${nodeId}: ${sessions}`) : [];
    };
    for (const id of ["s1", "s2", "s3"]) await one.directory.putSession(sessionEntry(id));
    for (let look = 0; look < 2; look += 1) {
      expect(await nodes()).toEqual(["old: 1", "one: 3"]);
      expect(await check.run()).toEqual([]);
      expect(await one.directory.claimRoom("r1")).toEqual({ kind: "elsewhere", nodeId: "old", url: "wss://old" });
    }

    await redis.cli("hdel", key("node-names"), "old");
    await redis.cli("hdel", key("leases"), "old@5");
    expect(await one.name.hold()).toEqual({ kind: "held", format: 2 });
    expect(await redis.cli("zrangebyscore", key("loads"), "-inf", "(+inf")).toMatch(/^one@\d+$/);
    const two = await startNode(redis, "two", FORMATS);
    await two.directory.register("wss://two");
    expect(await nodes()).toEqual(["one: 3", "two: 0"]);
    expect(await check.run()).toEqual([]);
    expect(await one.directory.claimRoom("r1")).toEqual({ kind: "elsewhere", nodeId: "two", url: "wss://two" });
  });

  test("an empty Redis begins with the newest format, and a lost key comes back", async () => {
    const redis = await startRedis();
    const { name } = await startNode(redis, "one", NEXT);
    expect(await name.hold()).toEqual({ kind: "held", format: 2 });
    await redis.cli("del", "lastseen:{all}:format");
    expect(await (await startNode(redis, "two", PRESENT)).name.hold()).toEqual({ kind: "held", format: 1 });
    expect(await name.hold()).toEqual({ kind: "held", format: 2 });
    expect(await stored(redis)).toBe("2");
  });

  test(
    "a process that cannot read it exits with 78 and says what it found and what to do",
    { timeout: 120_000 },
    async () => {
      const redis = await startRedis();
      await redis.cli("set", "lastseen:{all}:format", "9");
      const { code, stderr } = await ServiceProcess.refused({ REDIS_URL: redis.url, NODE_ID: "a" });
      expect(code).toBe(78);
      expect(stderr).toMatch(
        /entries of format 9, and this version \(\S+\) reads formats 1 to 2\. A newer version has written/,
      );
      expect(stderr).toContain("stop all nodes and delete the keys lastseen:{all}:* in Redis");
      expect(await redis.cli("exists", "lastseen:{all}:leases", "lastseen:{all}:node-names")).toBe("0");
    },
  );
});
