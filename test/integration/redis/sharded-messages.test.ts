/** Messages to one node and about users, in a cluster: only the shard that has the channel hears them. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RedisCluster } from "../../support/redis-cluster.js";
import { noRedisReason, type RedisServer } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { ask, serviceIn, silent, type Node } from "./following-nodes.js";

const KEY = "{all}:leases";
const MESSAGE_BYTES = 500_000;

describe.skipIf(noRedisReason)("messages in a cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster.stop());

  test("to one node and about users are not told to the other masters; those to all are", async () => {
    const { holder, start, channelTo, channelToAll } = await service(cluster);
    const [a, b] = [await start("a"), await start("b")];
    await b.bus.follow("ada");
    const other = new Redis(cluster.nodes.find((node) => node !== holder)?.port ?? 0, "127.0.0.1");
    onTestFinished(() => other.disconnect());
    const heard: string[] = [];
    other.on("message", (channel: string) => void heard.push(channel));
    await other.subscribe(channelTo("b"), channelToAll);
    for (let n = 0; n < 50; n += 1) {
      a.bus.send({ nodeId: "b" }, ask(`to ${n}`));
      a.bus.sendAbout(["ada"], ask(`about ${n}`));
    }
    a.bus.send("all", ask("all"));
    await until(() => b.told.length === 101 && heard.length > 0);
    expect(heard).toEqual([channelToAll]);
    expect(b.missed).toEqual([]);
  });

  test("leave nothing of their text behind at the node that has heard them", async () => {
    const { start } = await service(cluster);
    const [a, b] = [await start("a"), await start("b")];
    const send = async (messages: number): Promise<void> => {
      for (let n = 0; n < messages; n += 1) {
        const before = b.told.length;
        a.bus.send(
          { nodeId: "b" },
          { type: "ask", id: "long", question: "who", data: { text: "x".repeat(MESSAGE_BYTES) } },
        );
        await until(() => b.told.length > before);
      }
    };
    await send(5);
    const before = heapUsed();
    await send(100);
    expect(heapUsed() - before).toBeLessThan(20 * MESSAGE_BYTES);
  });

  test("reach a node of an earlier version, and arrive from one", async () => {
    const { holder, start, channelTo } = await service(cluster);
    const [a, other] = [await start("a"), cluster.nodes.find((node) => node !== holder)];
    const old = new Redis(other?.port ?? 0, "127.0.0.1");
    onTestFinished(() => old.disconnect());
    const heard: string[] = [];
    old.on("message", (_channel, text: string) => void heard.push(text));
    await old.subscribe(channelTo("old"));
    a.bus.send({ nodeId: "old" }, ask("to the old one"));
    await until(() => heard.length === 1);
    const frame = JSON.stringify({ from: "old", stream: "s", message: ask("from the old one") });
    await holder.cli("publish", channelTo("a"), frame);
    await until(() => a.told.length === 1);
  });

  test.each([[["ssubscribe", "spublish"]], [["cluster|myid"]]])(
    "arrive in order where Redis refuses %j to the service",
    async (commands) => {
      const change = async (sign: string): Promise<void> => {
        for (const node of cluster.nodes)
          await node.cli("acl", "setuser", "default", ...commands.map((command) => sign + command));
      };
      await change("-");
      onTestFinished(() => change("+"));
      const { start } = await service(cluster);
      await expectInOrder(await start("a"), await start("b"));
    },
  );

  test("arrive where only publishing in a shard is refused", async () => {
    const { start } = await service(cluster);
    const [a, b] = [await start("a"), await start("b")];
    for (const node of cluster.nodes) await node.cli("acl", "setuser", "default", "-spublish");
    onTestFinished(async () => {
      for (const node of cluster.nodes) await node.cli("acl", "setuser", "default", "+spublish");
    });
    await expectInOrder(a, b);
    // The node asks itself every 2 s whether it hears its messages. Without the right it must not look for them elsewhere for ever.
    const connections = await subscriptions(cluster);
    await pause(6_000);
    expect(await subscriptions(cluster)).toEqual(connections);
    expect([...a.missed, ...b.missed]).toEqual([]);
  });

  test("none is lost when the slot moves to another master, and later only that shard hears them", async () => {
    const { holder, start } = await service(cluster);
    const [a, b] = [await start("a"), await start("b")];
    await b.bus.follow("ada");
    const [to] = cluster.nodes.filter((node) => node !== holder);
    if (!to) throw new Error("there are three masters");
    await moveSlot(cluster, holder, to);
    onTestFinished(() => moveSlot(cluster, to, holder));
    await expectHealed(a, b, to);
  });
});

describe.skipIf(noRedisReason)("messages in a cluster whose master fails over", () => {
  async function failing(): Promise<{
    cluster: RedisCluster;
    a: Node;
    b: Node;
    master: RedisServer;
    replica: RedisServer;
  }> {
    const cluster = await RedisCluster.start(1);
    onTestFinished(() => cluster.stop());
    const { holder, start } = await service(cluster);
    const [a, b] = [await start("a"), await start("b")];
    await b.bus.follow("ada");
    const replicas = await Promise.all(
      cluster.nodes.map(async (node) => ((await node.cli("role")).includes(String(holder.port)) ? [node] : [])),
    );
    const [replica] = replicas.flat().filter((node) => node !== holder);
    if (!replica) throw new Error("each master has a replica");
    await until(async () => (await replica.cli("info", "replication")).includes("master_link_status:up"));
    return { cluster, a, b, master: holder, replica };
  }

  test("arrive once each after the master has become a replica, and soon only its shard hears them", async () => {
    const { a, b, master, replica } = await failing();
    await replica.cli("cluster", "failover");
    await until(async () => (await master.cli("role")).startsWith("slave"));
    // The subscriptions are still at the old master. Its shard hears the message, and so does the whole cluster.
    await until(async () => {
      a.bus.send({ nodeId: "b" }, ask("first"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return b.told.includes("first");
    });
    await expectHealed(a, b, replica);
  });

  test("a loss is told when the master dies, and later only its shard hears them", async () => {
    const { a, b, master, replica } = await failing();
    await master.stop();
    await until(async () => (await replica.cli("role")).startsWith("master"));
    await until(() => b.missed.length > 0);
    await expectHealed(a, b, replica);
  });
});

/** Nodes of one service in a cluster. */
async function service(cluster: RedisCluster) {
  const holder = await cluster.holderOf(KEY);
  const { start, key } = serviceIn(holder);
  return {
    holder,
    start: async (nodeId: string): Promise<Node> => {
      const node = await start(nodeId, cluster.url);
      await node.check.run();
      return node;
    },
    channelTo: (nodeId: string) => key(`to:${nodeId}`),
    channelToAll: key("to-all"),
  };
}

function heapUsed(): number {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** How often a member has told others of a message on an ordinary channel. */
async function toldToOthers(member: RedisServer, step: () => Promise<unknown>): Promise<number> {
  const told = async (): Promise<number> =>
    Number(/cluster_stats_messages_publish_sent:(\d+)/.exec(await member.cli("cluster", "info"))?.[1] ?? 0);
  const before = await told();
  await step();
  return (await told()) - before;
}

/** The connections that listen on channels, by master. */
async function subscriptions({ nodes }: RedisCluster): Promise<string[]> {
  const lists = await Promise.all(nodes.map((node) => node.cli("client", "list", "type", "pubsub")));
  return lists.flatMap((list) => list.match(/^id=\d+/gm) ?? []).toSorted();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function expectInOrder(a: Node, b: Node): Promise<void> {
  await b.bus.follow("ada");
  const ids = Array.from({ length: 90 }, (_, n) => `${n}`);
  for (const [n, id] of ids.entries()) {
    if (n % 3 === 0) a.bus.sendAbout(["ada"], ask(id));
    else a.bus.send(n % 3 === 1 ? "all" : { nodeId: "b" }, ask(id));
  }
  await until(() => b.told.length >= ids.length);
  expect(b.told).toEqual(ids);
  expect(b.missed).toEqual([]);
}

/** In the end the new master tells its shard only, and everything that is sent meanwhile arrives once, or `missed` says that it did not. */
async function expectHealed(a: Node, b: Node, master: RedisServer): Promise<void> {
  let nth = 0;
  const sent: string[] = [];
  await until(async () => {
    for (const { directory } of [a, b]) await directory.renew(silent).catch(() => undefined);
    await b.check.run().catch(() => undefined);
    const told = await toldToOthers(master, async () => {
      const ids = [`to ${(nth += 1)}`, `about ${nth}`];
      sent.push(...ids);
      a.bus.send({ nodeId: "b" }, ask(ids[0] ?? ""));
      a.bus.sendAbout(["ada"], ask(ids[1] ?? ""));
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    return told === 0 && sent.slice(-2).every((id) => b.told.includes(id));
  }, 90_000);
  const twice = b.told.filter((id, n) => id !== "first" && b.told.indexOf(id) !== n);
  expect(twice).toEqual([]);
  if (sent.some((id) => !b.told.includes(id))) expect(b.missed.length).toBeGreaterThan(0);
}

/** Moves the slot of `{all}` with all its keys. */
async function moveSlot(cluster: RedisCluster, from: RedisServer, to: RedisServer): Promise<void> {
  const slot = await from.cli("cluster", "keyslot", KEY);
  const [fromId, toId] = [await from.cli("cluster", "myid"), await to.cli("cluster", "myid")];
  await to.cli("cluster", "setslot", slot, "importing", fromId);
  await from.cli("cluster", "setslot", slot, "migrating", toId);
  for (;;) {
    const keys = (await from.cli("cluster", "getkeysinslot", slot, "100")).split("\n").filter((key) => key !== "");
    if (keys.length === 0) break;
    await from.cli("migrate", "127.0.0.1", String(to.port), "", "0", "5000", "keys", ...keys);
  }
  for (const node of [to, from, ...cluster.nodes]) await node.cli("cluster", "setslot", slot, "node", toId);
}
