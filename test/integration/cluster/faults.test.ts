import { expect, test } from "vitest";
import type { LastseenClient } from "../../../src/sdk/client.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { Fleet } from "../../support/fleet.js";

const said = (node: ServiceProcess, message: string): boolean => node.log.some(({ msg }) => msg.startsWith(message));

/** What this client was told that a user should not notice. */
function troubles(client: LastseenClient): string[] {
  const seen: string[] = [];
  client.on("state", ({ state, reason }) => seen.push(`${state}: ${reason}`));
  client.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
  client.on("user_away", ({ userId }) => seen.push(`${userId} away`));
  return seen;
}

async function both(fleet: Fleet): Promise<[LastseenClient, LastseenClient]> {
  const ada = fleet.client("ada");
  await ada.join("daily");
  const bob = fleet.client("bob");
  await bob.join("daily");
  return [ada, bob];
}

test(
  "a node that was frozen lets go of what others took over, takes a new lease, and nobody is in the room twice",
  { timeout: 150_000 },
  async () => {
    const fleet = await Fleet.start(2, { HEARTBEAT_INTERVAL_MS: "2000" });
    const [first, second] = fleet.nodes;
    if (!first || !second) throw new Error("two nodes were asked for");
    // The clients know both nodes: when the frozen one does not answer, they come to the other.
    const [ada, bob] = await both(fleet);
    const home = await fleet.homeOf("daily");
    const other = home === first ? second : first;
    home?.signal("SIGSTOP");
    await until(() => said(other, "session adopted"), 30_000);
    const otherId = other === first ? "node-1" : "node-2";
    await until(() => [ada, bob].every(({ session }) => session?.nodeId === otherId), 60_000);
    home?.signal("SIGCONT");
    await until(() => home !== undefined && said(home, "lease lost"), 15_000);
    await until(async () => (await fleet.metric(home, "lastseen_participants")) === 0);
    expect(await fleet.metric(other, "lastseen_participants")).toBe(2);
    for (const client of [ada, bob]) {
      await until(() => client.room?.participants.length === 2);
      expect(client.session?.nodeId).toBe(otherId);
    }
    expect(await fleet.redis.cli("HLEN", "lastseen:{all}:leases")).toBe("2");
  },
);

test(
  "Redis stands still, then is gone and comes back empty: nobody notices, health says so, and the nodes fill it again",
  { timeout: 150_000 },
  async () => {
    const fleet = await Fleet.start(2, { HEARTBEAT_INTERVAL_MS: "1000" });
    const [first, second] = fleet.nodes;
    if (!first || !second) throw new Error("two nodes were asked for");
    const [ada, bob] = await both(fleet);
    const seen = [ada, bob].map(troubles);
    const pongs: number[] = [];
    ada.on("heartbeat", ({ rttMs }) => pongs.push(rttMs));

    fleet.redis.signal("SIGSTOP");
    await until(async () => (await fleet.metric(first, "lastseen_redis_up")) === 0, 20_000);
    expect(await (await fetch(`${first.http}/api/health`)).json()).toMatchObject({
      status: "DEGRADED",
      checks: { redis: "failing" },
    });
    const before = pongs.length;
    await until(() => pongs.length >= before + 15, 40_000);
    fleet.redis.signal("SIGCONT");
    await until(async () => (await fleet.metric(first, "lastseen_redis_up")) === 1, 20_000);

    await fleet.redis.cli("FLUSHALL");
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === "2", 30_000);
    await until(async () => (await fleet.metric(second, "lastseen_nodes_seen")) === 2);
    const eve = fleet.client("eve");
    await eve.join("daily");
    await until(() => ada.room?.participants.length === 3);
    expect(seen).toEqual([[], []]);
    expect(said(first, "session adopted") || said(second, "session adopted")).toBe(false);
  },
);

test(
  "a node that is told to stop hands its rooms over: people go on on the other node, and nobody sees anybody leave",
  { timeout: 120_000 },
  async () => {
    const fleet = await Fleet.start(2);
    const [first, second] = fleet.nodes;
    if (!first || !second) throw new Error("two nodes were asked for");
    const [ada, bob] = await both(fleet);
    const left: string[] = [];
    bob.on("user_left", ({ userId }) => left.push(userId));
    const home = await fleet.homeOf("daily");
    const other = home === first ? second : first;
    home?.signal("SIGTERM");
    expect(await home?.ended()).toBe(0);
    await until(
      () => [ada, bob].every((client) => client.state === "connected" && client.room?.participants.length === 2),
      30_000,
    );
    await until(async () => (await fleet.metric(other, "lastseen_participants")) === 2);
    expect(left).toEqual([]);
    for (const client of [ada, bob]) expect(client.session?.resumed).toBe(true);
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:leases")) === "1");
  },
);
