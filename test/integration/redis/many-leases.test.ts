/** What a renewal, a claim and a look cost Redis with many leases, and what they do when an index of the leases is lost or old. */
import { describe, expect, onTestFinished, test } from "vitest";
import type { Directory, NodeView } from "../../../src/ports/directory.js";
import type { RedisStore } from "../../../src/redis/redis-store.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { checkedDirectory, openReadyStore } from "./stores.js";

const silent = { draining: false, sent: 0 };
const full = (name: string): string => `lastseen:{all}:${name}`;

interface World {
  readonly redis: RedisServer;
  readonly store: RedisStore;
  readonly nodes: readonly [Directory, Directory, ...Directory[]];
}

async function world(count: number): Promise<World> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const store = await openReadyStore(redis.url, { leaseMs: 60_000 });
  await store.nodeName("first", undefined).hold();
  const [first, second] = [await begin(store, "n0"), await begin(store, "n1")];
  const others = [];
  for (let n = 2; n < count; n += 1) others.push(await begin(store, `n${n}`));
  return { redis, store, nodes: [first, second, ...others] };
}

async function begin(store: RedisStore, nodeId: string): Promise<Directory> {
  const directory = checkedDirectory(store, nodeId);
  await directory.register(`wss://${nodeId}`);
  return directory;
}

/** How many commands Redis runs for the steps. */
async function commandsOf(redis: RedisServer, steps: () => Promise<unknown>): Promise<number> {
  await redis.cli("config", "resetstat");
  await steps();
  const stats = await redis.cli("info", "commandstats");
  const calls = [...stats.matchAll(/^cmdstat_(?!config|info)[^:]+:calls=(\d+)/gm)];
  return calls.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function views(by: Directory): Promise<readonly NodeView[]> {
  const outcome = await by.renew(silent);
  if (outcome.kind !== "renewed") throw new Error(outcome.kind);
  return outcome.nodes;
}

describe.skipIf(noRedisReason)("with many leases", () => {
  test(
    "a renewal, the search for a room's home, and a look cost Redis as much with 120 leases as with 40",
    { timeout: 60_000 },
    async () => {
      const costs = [];
      for (const count of [40, 120]) {
        const { redis, store, nodes } = await world(count);
        const [node, other] = nodes;
        const check = store.check(node);
        expect(await check.run()).toEqual([]);
        // The first renewals are told of all leases.
        for (const each of nodes) await each.renew(silent);
        await node.renew(silent);
        await other.putSession(sessionEntry("s1", { roomId: undefined }));
        costs.push({
          renew: await commandsOf(redis, () => node.renew(silent)),
          claim: await commandsOf(redis, () => other.claimRoom("daily")),
          look: await commandsOf(redis, () => check.run()),
        });
      }
      const [few, many] = costs;
      expect(many).toEqual(few);
      expect(few?.renew).toBeLessThan(40);
    },
  );

  test.each(["lease-ends", "lease-news", "loads", "leases", "sessions-by-lease"])(
    "%s is lost: renewals and claims are right before the next look, and after it",
    async (name) => {
      const { redis, store, nodes } = await world(14);
      const [node, second] = nodes;
      const check = store.check(node);
      await check.run();
      for (const each of nodes) await each.renew(silent);
      for (const each of nodes) if (each !== second) await putTwo(each);
      const names = nodes.map(({ nodeId }) => nodeId);
      await redis.cli("del", full(name));
      const isWhole = async (): Promise<void> => {
        for (const each of nodes) if (each !== second) await putTwo(each);
        const living = (await views(node)).filter(({ expired, draining }) => !expired && !draining);
        expect(living.map(({ nodeId }) => nodeId).toSorted()).toEqual(names.toSorted());
        expect(await node.claimRoom("new")).toMatchObject({ kind: "elsewhere", nodeId: "n1" });
      };
      if (name === "leases") for (const each of nodes) await each.register(`wss://${each.nodeId}`);
      await isWhole();
      if (name !== "leases") expect(await check.run()).toEqual([name]);
      else await check.run();
      for (const each of nodes) await store.check(each).run();
      expect(await check.run()).toEqual([]);
      await isWhole();
      expect(await redis.cli("zcount", full("loads"), "-inf", "(+inf")).toBe("14");
      expect([...store.link.errors]).toEqual([]);
    },
  );

  test("changes that a failover has lost are noticed: the numbers go back, and the next answer has all leases", async () => {
    const { redis, nodes } = await world(14);
    const [node, second] = nodes;
    await node.renew(silent);
    await second.renew({ draining: true, sent: 0 });
    await node.renew(silent);
    // The new master does not have the drain, and gives its number to another change.
    await redis.cli("zadd", full("lease-news"), "1", "latest");
    await second.renew({ draining: false, sent: 0 });
    await redis.cli("zadd", full("lease-news"), "2", "latest", "2", await leaseOf(redis, "n1"));
    expect((await views(node)).find(({ nodeId }) => nodeId === "n1")).toMatchObject({ draining: false });
  });
});

/** One of them asks for a room, and does not count for its node. */
async function putTwo(node: Directory): Promise<void> {
  for (const n of [1, 2]) await node.putSession(sessionEntry(`${n}-of-${node.nodeId}`));
}

async function leaseOf(redis: RedisServer, nodeId: string): Promise<string> {
  const ids = (await redis.cli("hkeys", full("leases"))).split("\n");
  return ids.find((id) => id.startsWith(`${nodeId}@`)) ?? "";
}
