/** Nodes whose rooms and sessions are divided over the masters of a Redis Cluster. */
import { describe, expect, onTestFinished, test } from "vitest";
import { RedisCluster } from "../../support/redis-cluster.js";
import { noRedisReason } from "../../support/redis-server.js";
import { Fleet } from "../../support/fleet.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";

const ROOMS = 12;

describe.skipIf(noRedisReason)("with REDIS_SHARDS", () => {
  async function startCluster(): Promise<RedisCluster> {
    const cluster = await RedisCluster.start();
    onTestFinished(() => cluster.stop());
    return cluster;
  }

  test("people of a node that dies go on at another one, each room as a whole", { timeout: 180_000 }, async () => {
    const cluster = await startCluster();
    const fleet = await Fleet.start(2, { REDIS_URL: cluster.url, REDIS_SHARDS: "6", RESUME_GRACE_MS: "60000" });
    const people = Array.from({ length: ROOMS * 2 }, (_, n) => {
      const client = fleet.client(`user-${n}`);
      onTestFinished(() => void client.disconnect());
      return { client, roomId: `room-${n % ROOMS}` };
    });
    await Promise.all(people.map(({ client, roomId }) => client.join(roomId)));
    const sessions = people.map(({ client }) => client.session?.sessionId);
    const homes = await Promise.all(people.map(({ roomId }) => fleet.homeOf(roomId)));
    const [dies, survives] = fleet.nodes;
    // New rooms go to both nodes.
    for (const node of fleet.nodes) expect(homes).toContain(node);
    const leavers: string[] = [];
    for (const { client } of people) client.on("user_left", ({ userId }) => void leavers.push(userId));
    dies?.signal("SIGKILL");
    await until(async () => (await fleet.metric(survives, "lastseen_participants")) === people.length, 60_000);
    await until(() => people.every(({ client }) => client.state === "connected"), 60_000);
    expect(people.map(({ client }) => client.session?.sessionId)).toEqual(sessions);
    for (const { roomId } of people) expect(await fleet.homeOf(roomId, survives)).toBe(survives);
    expect(leavers).toEqual([]);
  });

  test("people of a node that is stopped notice nothing but a new connection", { timeout: 180_000 }, async () => {
    const cluster = await startCluster();
    const fleet = await Fleet.start(2, { REDIS_URL: cluster.url, REDIS_SHARDS: "6" });
    const people = Array.from({ length: ROOMS }, (_, n) => {
      const client = fleet.client(`user-${n}`);
      onTestFinished(() => void client.disconnect());
      return { client, roomId: `room-${n}` };
    });
    await Promise.all(people.map(({ client, roomId }) => client.join(roomId)));
    const sessions = people.map(({ client }) => client.session?.sessionId);
    const [stops, survives] = fleet.nodes;
    stops?.signal("SIGTERM");
    expect(await stops?.ended()).toBe(0);
    await until(async () => (await fleet.metric(survives, "lastseen_participants")) === people.length, 60_000);
    await until(() => people.every(({ client }) => client.state === "connected"), 60_000);
    expect(people.map(({ client }) => client.session?.sessionId)).toEqual(sessions);
  });

  test("a node with another number exits with 78 and names both numbers", { timeout: 120_000 }, async () => {
    const cluster = await startCluster();
    await Fleet.start(1, { REDIS_URL: cluster.url, REDIS_SHARDS: "6" });
    for (const shards of ["1", "16"]) {
      const env = { REDIS_URL: cluster.url, REDIS_SHARDS: shards, NODE_ID: "other" };
      const { code, stderr } = await ServiceProcess.refused(env);
      expect(code).toBe(78);
      expect(stderr).toContain(`REDIS_SHARDS is ${shards}, and the entries in Redis are for REDIS_SHARDS=6`);
      expect(stderr).toContain("stop all nodes and delete the keys lastseen:* in Redis");
    }
  });
});
