import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { RedisWording } from "../../support/redis-wording.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";

interface Health {
  status: string;
  checks: { redis: string };
  warnings: string[];
}

const healthOf = async (node: TestService): Promise<Health> => (await (await node.get("/api/health")).json()) as Health;

const metric = async (node: TestService, line: string): Promise<number> => {
  const text = await (await node.get("/metrics")).text();
  const found = text.split("\n").find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
};

async function startRedis(config: string[] = []): Promise<RedisServer> {
  const redis = await RedisServer.start({ config });
  onTestFinished(() => redis.stop());
  return redis;
}

const startNode = (redis: { url: string }): Promise<TestService> =>
  startService({ NODE_ID: "a", PUBLIC_URL: "http://127.0.0.1:1", REDIS_URL: redis.url });

const illnesses: [string, string, (redis: RedisServer) => Promise<void>, (redis: RedisServer) => Promise<unknown>][] = [
  [
    "is full",
    "maxmemory",
    async (redis) => void (await redis.cli("config", "set", "maxmemory", "1")),
    (redis) => redis.cli("config", "set", "maxmemory", "0"),
  ],
  [
    "has not enough replicas",
    "replicas",
    async (redis) => void (await redis.cli("config", "set", "min-replicas-to-write", "1")),
    (redis) => redis.cli("config", "set", "min-replicas-to-write", "0"),
  ],
  [
    "has become a replica",
    "replica",
    async (redis) => void (await redis.cli("replicaof", "127.0.0.1", String(await freePort()))),
    (redis) => redis.cli("replicaof", "no", "one"),
  ],
];

describe.skipIf(noRedisReason).each(["6.2", "7"] as const)("with the wording of Redis %s", (wording) => {
  test.each(illnesses)(
    "while Redis %s health and metrics say so, whatever is asked, and a room can be opened soon after",
    async (_what, word, begin, end) => {
      const redis = await startRedis();
      const proxy = await RedisWording.start(redis.port, wording);
      onTestFinished(() => proxy.close());
      const node = await startNode(proxy);
      expect(await healthOf(node)).toMatchObject({ status: "OK", checks: { redis: "ok" }, warnings: [] });
      const client = await node.hello("ada");

      await begin(redis);
      await until(async () => (await healthOf(node)).checks.redis === "failing");
      for (let n = 0; n < 20; n += 1) {
        // The answers come from Redis, which answers questions as before.
        await node.get("/api/rooms/daily");
        const { status, checks, warnings } = await healthOf(node);
        expect({ status, checks }).toMatchObject({ status: "DEGRADED", checks: { redis: "failing" } });
        expect(warnings.join()).toContain(word);
        expect(await metric(node, "lastseen_redis_up")).toBe(0);
      }
      expect(await client.ask("join", { roomId: "daily" })).toMatchObject({ ok: false, error: { code: "overloaded" } });

      await end(redis);
      await until(async () => (await healthOf(node)).checks.redis === "ok");
      expect(await metric(node, "lastseen_redis_up")).toBe(1);
      expect((await healthOf(node)).warnings).toEqual([]);
      await client.request("join", { roomId: "daily" });
    },
  );
});

test.skipIf(noRedisReason)(
  "a Redis that deletes keys when it is full is told at start, in health and in metrics",
  async () => {
    const redis = await startRedis(["maxmemory-policy allkeys-lru"]);
    const node = await startNode(redis);
    const told = node.log.filter(({ msg }) => msg.startsWith("Redis deletes keys"));
    expect(told).toMatchObject([{ level: 40, policy: "allkeys-lru" }]);
    const { checks, warnings } = await healthOf(node);
    expect(checks.redis).toBe("ok");
    expect(warnings.join()).toContain("maxmemory-policy allkeys-lru");
    expect(await metric(node, "lastseen_redis_evicts")).toBe(1);
  },
);
