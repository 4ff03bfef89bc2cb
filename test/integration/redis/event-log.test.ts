import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventLogContract } from "../../contract/event-log-contract.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { openReadyStore } from "./stores.js";

describe.skipIf(noRedisReason)("one Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  const openLog = async (kept: number) =>
    (await openReadyStore(redis.url, { prefix: `test-${randomUUID()}` })).events(kept);

  eventLogContract("Redis", openLog);

  test("an entry of another version is passed over, and does not end the reading", async () => {
    const store = await openReadyStore(redis.url, { prefix: "other-version" });
    const key = store.link.keys.key("events");
    const id = await redis.cli("XADD", key, "*", "json", '{"type":"teleported"}');
    expect(await store.events().read(undefined, 10)).toEqual({ events: [], gap: false, next: id });
  });
});
