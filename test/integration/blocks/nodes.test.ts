import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { operatorOf, TOKEN } from "./operator.js";

describe.skipIf(noRedisReason)("two nodes with one Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  async function node(nodeId: string): Promise<TestService> {
    const port = await freePort();
    return startService({
      ADMIN_TOKEN: TOKEN,
      REDIS_URL: redis.url,
      NODE_ID: nodeId,
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
    });
  }

  const isRefused = async (service: TestService, userId: string): Promise<boolean> => {
    const client = await service.connect();
    const reply = await client.ask("hello", { user: { id: userId }, tabId: "tab" });
    if (reply.ok) return false;
    expect(reply.error.code).toBe("blocked");
    expect(await client.closed()).toBe(4403);
    return true;
  };

  test("a block at one node ends the sessions on the other, and both refuse until it is lifted at either", async () => {
    await redis.cli("FLUSHALL");
    const [first, second] = [await node("one"), await node("two")];
    const [here, there] = [operatorOf(first), operatorOf(second)];
    const ada = await second.join("ada", "daily");
    const phone = await first.hello("ada", { tabId: "phone" });
    expect((await here.block("ada")).status).toBe(200);
    for (const device of [ada, phone]) expect(await device.closed()).toBe(4403);
    for (const service of [first, second]) expect(await isRefused(service, "ada")).toBe(true);
    expect(await there.blocks()).toMatchObject([{ userId: "ada" }]);
    expect((await there.unblock("ada")).status).toBe(204);
    await until(async () => !(await isRefused(first, "ada")));
    expect(await isRefused(second, "ada")).toBe(false);

    const bob = await second.join("bob", "weekly");
    await here.block("bob", { seconds: 60, roomId: "weekly" });
    await bob.event("room_closed");
    const away = await first.hello("bob", { tabId: "away" });
    expect(await away.ask("join", { roomId: "weekly" })).toMatchObject({ error: { code: "blocked" } });
  });

  test("a node that starts again knows the blocks before it lets anybody in", async () => {
    await redis.cli("FLUSHALL");
    const before = await node("restarted");
    await operatorOf(before).block("ada");
    await before.close();
    const after = await node("restarted");
    expect(await isRefused(after, "ada")).toBe(true);
    expect(await operatorOf(after).blocks()).toMatchObject([{ userId: "ada" }]);
  });

  test("a node that heard no message learns of the block by itself, and ends the session", async () => {
    await redis.cli("FLUSHALL");
    const service = await node("deaf");
    const ada = await service.join("ada", "daily");
    const told = node("told");
    await operatorOf(await told).block("bob");
    // A block that no node has told: as if the message was lost.
    const since = Date.now();
    const key = "lastseen:{all}:";
    await redis.cli("HSET", `${key}blocks`, "ada ", `${since} ${since + 60_000} {"by":{"name":"ADMIN_TOKEN"}}`);
    await redis.cli("ZADD", `${key}blocks-by-end`, String(since + 60_000), "ada ");
    await redis.cli("HINCRBY", `${key}blocks-state`, "number", "1");
    expect(await ada.closed(15_000)).toBe(4403);
  });

  test("a Redis that has lost everything gets the blocks back from the nodes", async () => {
    await redis.cli("FLUSHALL");
    const service = await node("keeper");
    const operator = operatorOf(service);
    await operator.block("ada", { seconds: 500 });
    await operator.block("bob", { seconds: 600, roomId: "daily" });
    await redis.cli("FLUSHALL");
    const targets = [
      { userId: "ada", roomId: null },
      { userId: "bob", roomId: "daily" },
    ];
    expect(await operator.blocks()).toMatchObject(targets);
    const other = await node("other");
    expect(await operatorOf(other).blocks()).toMatchObject(targets);
    expect(await isRefused(other, "ada")).toBe(true);
  });

  test("without an answer of Redis nobody can be blocked, and the blocks that are known hold", async () => {
    const own = await RedisServer.start();
    const service = await startService({ ADMIN_TOKEN: TOKEN, REDIS_URL: own.url, NODE_ID: "alone" });
    const operator = operatorOf(service);
    await operator.block("ada");
    await own.stop();
    const refused = await operator.block("bob");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "overloaded" } });
    expect(await operator.blocks()).toMatchObject([{ userId: "ada" }]);
    expect(await isRefused(service, "ada")).toBe(true);
  });
});
