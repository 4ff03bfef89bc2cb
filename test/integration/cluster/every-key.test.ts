import { expect, onTestFinished, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import { KEY_PURPOSES } from "../../../src/redis/keys.js";
import { freePort } from "../../support/free-port.js";
import { sdkClient } from "../../support/node-browser.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";

const full = (name: string): string => `lastseen:{all}:${name}`;
/** Every renewal writes the first three, so no look finds them missing. The last is there only between a loss and the next look. */
const NOT_MISSED: readonly string[] = ["renewed-at", "node-names", "format", "lost-keys"];
const names = Object.keys(KEY_PURPOSES).filter((name) => !NOT_MISSED.includes(name));

async function startNode(nodeId: string, redis: RedisServer): Promise<TestService> {
  const port = String(await freePort());
  const env = { PORT: port, NODE_ID: nodeId, PUBLIC_URL: `http://127.0.0.1:${port}`, REDIS_URL: redis.url };
  return startService({ ...env, HEARTBEAT_INTERVAL_MS: "2000" });
}

/** People who come and go all the time, until the test has ended. */
function comeAndGo(nodes: readonly TestService[]): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const work = (async () => {
    for (let n = 0; !stopping.signal.aborted; n += 1) {
      const node = nodes[n % nodes.length];
      // A node may ask to try again for some seconds.
      const guest = await node?.hello(`guest-${n}`).catch(() => undefined);
      await guest?.ask("join", { roomId: `hall-${n % 5}` });
      await guest?.ask("leave");
      guest?.reset();
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await work;
    },
  };
}

/** The events at this client that a user should not notice. */
function troubles(client: LastseenClient): string[] {
  const seen: string[] = [];
  client.on("state", ({ state, reason }) => seen.push(`${state}: ${reason}`));
  client.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
  return seen;
}

const lostParts = (nodes: readonly TestService[]): Set<string> =>
  new Set(
    nodes.flatMap(({ log }) =>
      log.filter(({ msg }) => msg.startsWith("the store has lost")).flatMap(({ parts }) => parts as string[]),
    ),
  );

test.skipIf(noRedisReason)(
  "while people come and go on three nodes, one key after the other is deleted: nobody in a room notices, each loss is told, and all is written again",
  { timeout: 600_000 },
  async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const nodes = [await startNode("a", redis), await startNode("b", redis), await startNode("c", redis)];
    const people = nodes.flatMap((node, n) =>
      [1, 2].map((m) => ({
        node,
        room: `room-${n}`,
        client: sdkClient({ url: node.http, user: { id: `p${n}-${m}` } }),
      })),
    );
    for (const { client, room } of people) await client.join(room);
    await until(() => people.every(({ client }) => client.room?.participants.length === 2));
    const seen = people.map(({ client }) => troubles(client));
    const crowd = comeAndGo(nodes);
    onTestFinished(() => crowd.stop());
    const isWhole = async (): Promise<boolean> => {
      for (const { client } of people) {
        const id = client.session?.sessionId ?? "";
        const line = await redis.cli("hget", full("sessions"), id);
        const [, lease = "", user = "", room = ""] = line.split(" ");
        const marks = await Promise.all([
          redis.cli("zscore", full("sessions-by-lease"), `${lease} ${id}`),
          redis.cli("zscore", full("sessions-by-user"), `${user} ${id}`),
          redis.cli("zscore", full("sessions-by-room"), `${room} ${id}`),
          redis.cli("zscore", full("rooms-by-lease"), `${lease} ${room}`),
        ]);
        if (marks.some((mark) => mark !== "0") || (await redis.cli("hget", full("rooms"), room)) !== lease)
          return false;
      }
      return true;
    };
    await until(isWhole);
    // Each node sets its marks when it has renewed its lease for the first time.
    await until(async () => (await redis.cli("zcount", full("calls-over"), "inf", "inf")) === "3");

    for (const name of names) {
      if ((await redis.cli("del", full(name))) === "0") continue;
      await until(() => lostParts(nodes).has(name)).catch(() => expect.unreachable(`nobody told the loss of ${name}`));
      await until(isWhole).catch(() => expect.unreachable(`what was in ${name} is not written again`));
    }
    await crowd.stop();

    expect(seen).toEqual(people.map(() => []));
    const health = await Promise.all(nodes.map(async (node) => (await node.get("/api/health")).text()));
    // The first node that looks finds lost leases and mends them.
    expect(health.join()).toContain('Redis lost the key \\"leases\\"');
    const metrics = (await (await nodes[0]?.get("/metrics"))?.text()) ?? "";
    expect(metrics).toMatch(/lastseen_redis_lost_keys_total\{key="sessions"\} [1-9]/);
    // No script has failed in all this time.
    const failed = nodes.flatMap(({ log }) => log.filter(({ level }) => level >= 50).map(({ msg }) => msg));
    expect(failed).toEqual([]);
  },
);
