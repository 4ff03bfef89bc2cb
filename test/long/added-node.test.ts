import { expect, test } from "vitest";
import { Fleet } from "../support/fleet.js";
import { freePort } from "../support/free-port.js";
import { noRedisReason } from "../support/redis-server.js";
import { RemoteCrowd } from "../support/crowd/remote-crowd.js";
import { ServiceProcess } from "../support/service-process.js";
import { until } from "../support/until.js";

const IN_ROOMS = 400;
const IN_A_ROOM = 4;
const ALONE = 200;
const PER_SECOND = 20;
/** 15 s until something moves, then the share at this pace, and twice that for a busy machine. */
const TIME_MS = 2 * (15_000 + ((IN_ROOMS + ALONE) / 4 / PER_SECOND) * 1_000);
/** Long enough for ten more decisions. */
const QUIET_MS = 20_000;

const sessionsOf = async ({ http }: ServiceProcess): Promise<number> =>
  ((await (await fetch(`${http}/api/health`)).json()) as { sessions: number }).sessions;

test.skipIf(noRedisReason)(
  "a fourth node gets its share of what three have, nobody is lost, nobody sees anybody leave, and nothing moves back",
  { timeout: 300_000 },
  async () => {
    const env = { REBALANCE_PER_SECOND: String(PER_SECOND) };
    const fleet = await Fleet.start(3, env);
    const [first] = fleet.nodes;
    const url = fleet.balancer.http;
    // While they come in, one of the three nodes can be short for a while, and then some move already.
    const common = { url, pingIntervalMs: 10_000, comesBackTo: fleet.nodes.map(({ http }) => http) };
    const crowds = [
      await RemoteCrowd.enter({
        name: "room",
        count: IN_ROOMS,
        inARoom: IN_A_ROOM,
        ...common,
      }),
      await RemoteCrowd.enter({ name: "alone", count: ALONE, ...common }),
    ];
    const port = await freePort();
    const added = await ServiceProcess.start({
      ...env,
      PORT: String(port),
      NODE_ID: "node-4",
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      REDIS_URL: fleet.redis.url,
    });
    const nodes = [...fleet.nodes, added];
    for (const crowd of crowds)
      await crowd.returnTo(
        nodes.map(({ http }) => http),
        "all",
      );
    const beganAt = performance.now();
    const mean = (IN_ROOMS + ALONE) / nodes.length;
    await until(async () => (await sessionsOf(added)) >= 0.8 * mean, TIME_MS);
    const tookMs = performance.now() - beganAt;
    // It goes on a little, and then it stays as it is.
    const ended = "sessions have moved to a node that had fewer than its share";
    const givers = nodes.filter(({ log }) => log.some(({ msg }) => msg?.startsWith("a node has fewer")));
    for (const giver of givers) await until(() => giver.log.some(({ msg }) => msg === ended), TIME_MS);
    const shares = await Promise.all(nodes.map(sessionsOf));
    const quiet = performance.now() + QUIET_MS;
    await until(() => performance.now() > quiet, 2 * QUIET_MS);
    expect(await Promise.all(nodes.map(sessionsOf))).toEqual(shares);
    process.stdout.write(`its share after ${(tookMs / 1_000).toFixed(1)} s, then ${shares.join(", ")}\n`);
    for (const share of shares) expect(Math.abs(share - mean)).toBeLessThanOrEqual(0.2 * mean);

    const members = (await Promise.all(crowds.map((crowd) => crowd.members()))).flat();
    for (const { userId, isConnected, lostBy, left } of members) {
      expect({ userId, isConnected, lostBy, left }).toEqual({ userId, isConnected: true, lostBy: undefined, left: [] });
    }
    const moved = givers.flatMap(({ log }) => log.filter(({ msg }) => msg === "session given up"));
    expect(moved).toHaveLength(members.reduce((sum, { resumes }) => sum + resumes, 0));
    const counted = await Promise.all(
      ["no_room", "idle_room", "small_room"].map(async (kind) => {
        const counts = await Promise.all(
          nodes.map((node) => fleet.metric(node, `lastseen_sessions_rebalanced_total{kind="${kind}"}`)),
        );
        return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
      }),
    );
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(moved.length);
    expect(await fleet.metric(first, "lastseen_nodes_seen")).toBe(4);
  },
);
