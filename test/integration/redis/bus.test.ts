import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RedisBus } from "../../../src/redis/redis-bus.js";
import type { RedisStore, RedisStoreOptions } from "../../../src/redis/redis-store.js";
import type { NodeMessage } from "../../../src/ports/node-messages.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { noRedisReason, RedisServer, SERVERS } from "../../support/redis-server.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";
import { busContract, type BusUnderTest } from "../../contract/bus-contract.js";
import { checkedDirectory, openReadyStore } from "./stores.js";

const ask = (id: string): NodeMessage => ({ type: "ask", id, question: "who", data: { deep: [id] } });

/** A node with all messages that it has received. */
async function openBus(url: string, nodeId: string, more: Partial<RedisStoreOptions> = {}) {
  const store: RedisStore = await openReadyStore(url, more);
  const bus = store.bus(nodeId);
  const told: { from: string; message: NodeMessage }[] = [];
  const missed: string[] = [];
  bus.on("message", (event) => told.push(event));
  bus.on("missed", ({ from }) => missed.push(from));
  await until(() => bus.subscribed);
  return { store, bus, told, missed };
}

/** Messages are sent in hundreds, because Redis has only a second for each on a busy machine. */
async function sendAll(bus: RedisBus, ids: readonly string[], arrived: (count: number) => boolean): Promise<void> {
  for (let from = 0; from < ids.length; from += 250) {
    const batch = ids.slice(from, from + 250);
    for (const id of batch) bus.send("all", ask(id));
    await until(() => arrived(from + batch.length));
  }
}

/** A bus for the contract with its own key prefix. Every node has its own connections. */
function emptyBus(url: string): BusUnderTest {
  const prefix = `test-${randomUUID()}`;
  const errors: unknown[] = [];
  return {
    async open(nodeId) {
      const more = { prefix, leaseMs: 60_000, onListenerError: (error: unknown) => errors.push(error) };
      const store = await openReadyStore(url, more);
      await checkedDirectory(store, nodeId).register(undefined);
      const bus = store.bus(nodeId);
      await until(() => bus.subscribed);
      return bus;
    },
    until,
    errors,
  };
}

async function firstWith<T>(items: readonly T[], holds: (item: T) => Promise<boolean>): Promise<T> {
  for (const item of items) if (await holds(item)) return item;
  throw new Error("none");
}

async function proxyTo(server: RedisServer): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server.port);
  onTestFinished(() => proxy.close());
  return proxy;
}

for (const [name, program, missing] of SERVERS)
  describe.skipIf(missing)(`messages between nodes, over ${name}`, () => {
    let server: RedisServer;
    beforeAll(async () => {
      server = await RedisServer.start({ program });
    });
    afterAll(() => server.stop());

    busContract(name, () => emptyBus(server.url));
  });

describe.skipIf(noRedisReason)("messages between nodes, over Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  test.each([
    ["prefixes", "", { prefix: "other" }],
    ["databases", "/3", {}],
  ])("services with different %s do not hear each other", async (_what, path, more) => {
    const a = await openBus(redis.url, "a");
    const b = await openBus(`${redis.url}${path}`, "b", more);
    const c = await openBus(redis.url, "c");
    a.bus.send("all", ask("1"));
    await until(() => c.told.length === 1);
    b.bus.send("all", ask("2"));
    a.bus.send("all", ask("3"));
    await until(() => c.told.length === 2);
    expect(b.told).toEqual([]);
  });

  test("the bus counts invalid messages and does not deliver them; an unknown kind of message is not a loss", async () => {
    const a = await openBus(redis.url, "a");
    const b = await openBus(redis.url, "b");
    const frame = (seq: number, message: unknown) => JSON.stringify({ from: "x", stream: "s", seq, message });
    const wrong = ["", "null", "{}", '{"from":"x"}', frame(0, ask("0"))];
    for (const text of wrong) await redis.cli("publish", "lastseen:{all}:to-all", text);
    await redis.cli("publish", "lastseen:{all}:to-all", frame(1, ask("1")));
    await redis.cli("publish", "lastseen:{all}:to-all", frame(2, { type: "news", of: "tomorrow" }));
    await redis.cli("publish", "lastseen:{all}:to-all", frame(3, { type: "status", userId: "", status: "bored" }));
    await redis.cli("publish", "lastseen:{all}:to-all", frame(4, ask("4")));
    await until(() => a.told.length === 2 && b.told.length === 2);
    expect(b.told.map(({ message }) => message)).toEqual([ask("1"), ask("4")]);
    expect(b.missed).toEqual([]);
    expect(b.store.link.errors.get("receive")).toBe(wrong.length);
  });

  test("a node whose connection broke subscribes again, and knows that it may have missed messages", async () => {
    const proxy = await proxyTo(redis);
    const a = await openBus(redis.url, "a");
    const b = await openBus(`redis://127.0.0.1:${proxy.port}`, "b");
    a.bus.send("all", ask("1"));
    await until(() => b.told.length === 1);
    proxy.cut();
    await until(() => !b.bus.subscribed && b.store.state === "down");
    a.bus.send("all", ask("2"));
    proxy.heal();
    await until(() => b.bus.subscribed && b.store.state === "up");
    expect(b.missed).toEqual(["a"]);
    a.bus.send("all", ask("3"));
    await until(() => b.told.length === 2);
    expect(b.told[1]).toEqual({ from: "a", message: ask("3") });
    expect(b.missed).toEqual(["a"]);
  });

  test("the bus notices and replaces a silent connection", async () => {
    const proxy = await proxyTo(redis);
    const a = await openBus(redis.url, "a");
    const b = await openBus(`redis://127.0.0.1:${proxy.port}`, "b");
    a.bus.send("all", ask("1"));
    await until(() => b.told.length === 1);
    proxy.silence();
    await until(() => !b.bus.subscribed);
    proxy.heal();
    await until(() => b.missed.length === 1);
    a.bus.send("all", ask("2"));
    await until(() => b.told.length === 2);
  });

  test("nodes notice a message that was not sent: at the next message, or when the sender announces its number", async () => {
    const proxy = await proxyTo(redis);
    const a = await openBus(`redis://127.0.0.1:${proxy.port}`, "a");
    const b = await openBus(redis.url, "b");
    const c = await openBus(redis.url, "c");
    a.bus.send("all", ask("1"));
    await until(() => b.told.length === 1 && c.told.length === 1);
    proxy.cut();
    await until(() => a.store.state === "down");
    a.bus.send("all", ask("2"));
    proxy.heal();
    await until(() => a.store.state === "up");
    expect(a.bus.sent).toBe(2);
    c.bus.compare("a", 1, a.bus.sent);
    expect(c.missed).toEqual([]);
    c.bus.compare("a", 1, a.bus.sent);
    expect(c.missed).toEqual(["a"]);
    a.bus.send("all", ask("3"));
    await until(() => b.told.length === 2 && c.told.length === 2);
    expect(b.missed).toEqual(["a"]);
    expect(c.missed).toEqual(["a"]);
    expect(a.store.link.errors.get("publish")).toBe(1);
  });

  test("a node ignores its own number, and follows a restarted node from its first message", async () => {
    const first = await openBus(redis.url, "a");
    const b = await openBus(redis.url, "b");
    for (const id of ["1", "2", "3"]) first.bus.send("all", ask(id));
    await until(() => b.told.length === 3);
    for (const epoch of [1, 1, 1]) b.bus.compare("b", epoch, 100);
    await first.store.close();
    const second = await openBus(redis.url, "a");
    second.bus.send("all", ask("4"));
    await until(() => b.told.length === 4);
    expect(b.missed).toEqual([]);
  });

  test("thousands of messages arrive in order", async () => {
    const a = await openBus(redis.url, "a");
    const b = await openBus(redis.url, "b");
    const all = Array.from({ length: 3_000 }, (_none, n) => String(n));
    await sendAll(a.bus, all, (count) => b.told.length === count);
    expect(b.told.map(({ message }) => message.type === "ask" && message.id)).toEqual(all);
    expect(b.missed).toEqual([]);
  });
});

describe.skipIf(noRedisReason)("messages between nodes, over a Redis cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());

  busContract("a Redis cluster", () => emptyBus(cluster.url));

  test("arrive in order, also when sender and receiver use different nodes of the cluster", async () => {
    const sender = await openBus(cluster.url, "a");
    const receivers = await Promise.all(["b", "c", "d", "e", "f"].map((nodeId) => openBus(cluster.url, nodeId)));
    const all = Array.from({ length: 1_000 }, (_none, n) => String(n));
    await sendAll(sender.bus, all, (count) => receivers.every(({ told }) => told.length === count));
    for (const { told, missed } of receivers) {
      expect(told.map(({ message }) => message.type === "ask" && message.id)).toEqual(all);
      expect(missed).toEqual([]);
    }
  });

  test("come through another node of the cluster when the first one stands still", async () => {
    const a = await openBus(cluster.url, "a");
    const receivers = await Promise.all(["b", "c", "d", "e", "f", "g"].map((nodeId) => openBus(cluster.url, nodeId)));
    a.bus.send("all", ask("1"));
    await until(() => receivers.every(({ told }) => told.length === 1));
    const busy = await firstWith(
      cluster.nodes,
      async (node) => (await node.cli("client", "list", "type", "pubsub")) !== "",
    );
    busy.signal("SIGSTOP");
    onTestFinished(() => busy.signal("SIGCONT"));
    await until(() => receivers.some(({ bus }) => !bus.subscribed));
    await until(() => receivers.every(({ bus }) => bus.subscribed));
    expect(receivers.some(({ missed }) => missed.length > 0)).toBe(true);
  });
});
