import { expect, onTestFinished, test } from "vitest";
import type { BackendEvent } from "@lastseen/protocol";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { Scrape } from "../http/exposition.js";
import { Receiver } from "./receiver.js";

async function startNode(redis: RedisServer, receiver: Receiver, name: string): Promise<TestService> {
  const port = await freePort();
  return startService({
    ...receiver.settings,
    REDIS_URL: redis.url,
    NODE_ID: name,
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
  });
}

/** Repeats the join, because a busy node may refuse a room for a moment. */
async function enter(node: TestService, userId: string, roomId: string) {
  const client = await node.hello(userId);
  await until(async () => (await client.ask("join", { roomId })).ok);
  return client;
}

async function startRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  return redis;
}

test.skipIf(noRedisReason)(
  "a session that moves to another node is sent as adopted with a later epoch, never as left, and any node shows all events",
  async () => {
    const redis = await startRedis();
    const receiver = await Receiver.start();
    const first = await startNode(redis, receiver, "first");
    const second = await startNode(redis, receiver, "second");
    await until(async () => (await Scrape.of(first)).value("nodes_seen") === 2);
    const ada = await enter(first, "ada", "daily");
    const { sessionId } = ada.hello;
    await receiver.get("joined", "ada");

    await first.close();
    const adopted = await receiver.get("session_adopted", "ada");
    expect(adopted).toMatchObject({ nodeId: "second", sessionId, roomId: "daily" });
    const joined = await receiver.get("joined", "ada");
    expect(adopted.epoch).toBeGreaterThan(joined.epoch ?? Infinity);
    const ofAda = receiver.taken.filter((event) => event.sessionId === sessionId);
    expect(ofAda.filter(({ type }) => type === "left" || type === "session_ended")).toEqual([]);
    const started = () => receiver.taken.filter(({ type }) => type === "node_started");
    await until(() => started().length === 2);
    expect(started()).toMatchObject([{ alone: false }, { alone: false }]);

    await second.get(`/api/sessions/${sessionId}`, { method: "DELETE" });
    const left = await receiver.get("left", "ada");
    expect(left).toMatchObject({ nodeId: "second", reason: "kicked", epoch: adopted.epoch });
    const page = (await (await second.get("/api/events?limit=1000")).json()) as { events: BackendEvent[] };
    expect(page.events).toEqual(expect.arrayContaining(ofAda));
    expect(new Set(page.events.map(({ nodeId }) => nodeId))).toEqual(new Set(["first", "second"]));
  },
);

test.skipIf(noRedisReason)("while Redis is away no client waits for an event; the backend gets it later", async () => {
  const redis = await startRedis();
  const receiver = await Receiver.start();
  const node = await startNode(redis, receiver, "only");
  const ada = await enter(node, "ada", "daily");
  await enter(node, "bob", "daily");
  await receiver.get("joined", "bob");
  redis.signal("SIGSTOP");
  const kicked = await node.get(`/api/sessions/${ada.hello.sessionId}`, { method: "DELETE" });
  expect(kicked.status).toBe(204);
  expect(await ada.closed()).toBe(4403);
  await until(() => node.log.some(({ msg }) => msg === "events can't be logged; they wait"));
  expect(receiver.taken.some(({ type }) => type === "left")).toBe(false);
  redis.signal("SIGCONT");
  expect(await receiver.get("left", "ada")).toMatchObject({ reason: "kicked", epoch: 1 });
  await until(() => node.log.some(({ msg }) => msg === "events are logged again"));
  // The service has given the first attempt up, but Redis still does it when it runs again.
  const page = (await (await node.get("/api/events?limit=1000")).json()) as { events: BackendEvent[] };
  expect(page.events.filter(({ type, userId }) => type === "left" && userId === "ada")).toHaveLength(1);
});
