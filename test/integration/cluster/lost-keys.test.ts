import { describe, expect, onTestFinished, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import { freePort } from "../../support/free-port.js";
import { sdkClient } from "../../support/node-browser.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";

const key = (name: string): string => `lastseen:{all}:${name}`;

async function startNode(nodeId: string, redis: RedisServer): Promise<TestService> {
  const port = String(await freePort());
  const env = { PORT: port, NODE_ID: nodeId, PUBLIC_URL: `http://127.0.0.1:${port}`, REDIS_URL: redis.url };
  return startService({ ...env, HEARTBEAT_INTERVAL_MS: "2000" });
}

/** The events at this client that a user should not notice. */
function troubles(client: LastseenClient): string[] {
  const seen: string[] = [];
  client.on("state", ({ state, reason }) => seen.push(`${state}: ${reason}`));
  client.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
  return seen;
}

/** Two nodes around one Redis: two people are in a room on the first node, and the second node has no sessions. */
async function meeting() {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const home = await startNode("node-1", redis);
  const ada = sdkClient({ url: home.http, user: { id: "ada" } });
  await ada.join("daily");
  const other = await startNode("node-2", redis);
  const bob = sdkClient({ url: home.http, user: { id: "bob" } });
  await bob.join("daily");
  const people = [ada, bob];
  await until(() => people.every(({ room }) => room?.participants.length === 2));
  const seen = people.map(troubles);
  const holder = () => redis.cli("HGET", key("rooms"), "daily");
  return { redis, people, other, seen, holder, lease: await holder() };
}

const deleted: [string, string[]][] = [
  ["the room's entry", ["HDEL", key("rooms"), "daily"]],
  ["the key of all rooms", ["DEL", key("rooms")]],
  ["the key of all rooms and its index", ["DEL", key("rooms"), key("rooms-by-lease")]],
];

describe.skipIf(noRedisReason)("after somebody has deleted these keys by hand", () => {
  test.each(deleted)(
    "%s: a person who joins at the other node meets the people of the room, and nobody is fenced",
    { timeout: 150_000 },
    async (_what, command) => {
      const { redis, people, other, seen, holder, lease } = await meeting();
      expect(lease).toMatch(/^node-1@/);
      await redis.cli(...command);
      const eve = sdkClient({ url: other.http, user: { id: "eve" } });
      await eve.join("daily");
      await until(() => [...people, eve].every(({ room }) => room?.participants.length === 3));
      expect([...people, eve].map(({ session }) => session?.nodeId)).toEqual(["node-1", "node-1", "node-1"]);
      expect(await holder()).toBe(lease);
      expect(seen).toEqual([[], []]);
    },
  );

  test(
    "the rooms and their index: the node writes them again and keeps its people, although another node has fewer sessions",
    { timeout: 150_000 },
    async () => {
      const { redis, people, seen, holder, lease } = await meeting();
      await redis.cli("DEL", key("rooms"), key("rooms-by-lease"));
      await until(async () => (await holder()) === lease);
      expect(people.map(({ room }) => room?.participants.length)).toEqual([2, 2]);
      expect(seen).toEqual([[], []]);
    },
  );
});
