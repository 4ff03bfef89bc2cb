import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NewBackendEvent } from "@lastseen/protocol";
import { eventLogContract, type SharedEvents } from "../../contract/event-log-contract.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { noRedisReason, RedisServer, SERVERS } from "../../support/redis-server.js";
import { openReadyStore } from "./stores.js";

/** Longer than the lease of a test, so that a lease expires before. */
const QUIET_MS = 1_000;

async function emptyEvents(url: string, kept: number): Promise<SharedEvents> {
  const store = await openReadyStore(url, { prefix: `test-${randomUUID()}` });
  return {
    directory: (nodeId) => store.directory(nodeId),
    log: (nodeId) => store.events(nodeId, { kept, quietMs: QUIET_MS }),
    quietMs: QUIET_MS,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

const event = (sequence: number): NewBackendEvent => {
  const about = { roomId: null, userId: null, sessionId: null, epoch: null };
  return { type: "node_started", at: 1, nodeId: "a", sequence, ...about };
};

for (const [name, program, missing] of SERVERS)
  describe.skipIf(missing)(`one ${name}`, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start({ program });
    });
    afterAll(() => server.stop());

    eventLogContract(name, (kept) => emptyEvents(server.url, kept));
  });

describe.skipIf(noRedisReason)("one Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  test("reading skips an entry of another version and goes on", async () => {
    const store = await openReadyStore(redis.url, { prefix: "other-version" });
    const key = store.link.keys.key("events");
    const id = await redis.cli("XADD", key, "*", "json", '{"type":"teleported"}');
    expect(await store.events("a").read(undefined, 10)).toEqual({ events: [], gap: false, next: id });
  });

  test("when all events are delivered only the log is left in Redis", async () => {
    const prefix = "all-delivered";
    const store = await openReadyStore(redis.url, { prefix });
    const log = store.events("a");
    for (let n = 0; n < 5; n += 1) {
      const appended = await log.append([event(2 * n + 1), event(2 * n + 2)]);
      expect(await redis.cli("KEYS", `${prefix}:*`)).toContain("event-runs");
      await log.acknowledge(appended.map(({ id }) => id));
      expect(await redis.cli("KEYS", `${prefix}:*`)).toBe(store.link.keys.key("events"));
    }
  });

  test("when Redis comes back empty, a node that is alive still logs and acknowledges its events", async () => {
    const store = await openReadyStore(redis.url, { prefix: "emptied" });
    const log = store.events("a");
    const before = await log.append([event(1)]);
    await redis.cli("FLUSHALL");
    expect(await log.takeOver([])).toEqual({ events: [], forgotten: [], taken: [] });
    const after = await log.append([event(2)]);
    await log.acknowledge([...before, ...after].map(({ id }) => id));
    expect(await redis.cli("KEYS", "emptied:*")).toBe(store.link.keys.key("events"));
  });
});

describe.skipIf(noRedisReason)("a Redis cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());

  eventLogContract("a Redis cluster", (kept) => emptyEvents(cluster.url, kept));
});
