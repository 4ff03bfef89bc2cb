import { expect, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { Fleet } from "../../support/fleet.js";

const said = (node: ServiceProcess, message: string): boolean => node.log.some(({ msg }) => msg.startsWith(message));

/** The events at this client that a user should not notice. */
function troubles(client: LastseenClient): string[] {
  const seen: string[] = [];
  client.on("state", ({ state, reason }) => seen.push(`${state}: ${reason}`));
  client.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
  client.on("user_away", ({ userId }) => seen.push(`${userId} away`));
  return seen;
}

/** @param address address that both clients use, if it is not the common address of all nodes */
async function both(fleet: Fleet, address?: string): Promise<[LastseenClient, LastseenClient]> {
  const ada = fleet.client("ada", address);
  await ada.join("daily");
  const bob = fleet.client("bob", address);
  await bob.join("daily");
  return [ada, bob];
}

test(
  "a node that was frozen gives up the sessions that others took over, gets a new lease, and nobody is in the room twice",
  { timeout: 150_000 },
  async () => {
    const fleet = await Fleet.start(2, { HEARTBEAT_INTERVAL_MS: "2000" });
    const [other, home] = fleet.nodes;
    if (!other || !home) throw new Error("two nodes were asked for");
    // The first node has more sessions, so the room is on the second. Clients without an answer from it come to the first.
    const idle = ["x", "y", "z"].map((userId) => fleet.client(userId, other.http));
    await until(() => idle.every(({ state }) => state === "connected"));
    const [ada, bob] = await both(fleet, other.http);
    expect(await fleet.homeOf("daily")).toBe(home);
    home.signal("SIGSTOP");
    await until(() => said(other, "session adopted"));
    await until(() => [ada, bob].every(({ session }) => session?.nodeId === "node-1"), 60_000);
    home.signal("SIGCONT");
    await until(() => said(home, "lease lost"));
    await until(async () => (await fleet.metric(home, "lastseen_participants")) === 0);
    expect(await fleet.metric(other, "lastseen_participants")).toBe(2);
    for (const client of [ada, bob]) {
      await until(() => client.room?.participants.length === 2);
      expect(client.session?.nodeId).toBe("node-1");
    }
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:leases")) === "2");
  },
);

test(
  "when Redis stands still, is gone and comes back empty, clients notice nothing, health says so, and the nodes fill it again",
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
    await until(async () => (await fleet.metric(first, "lastseen_redis_up")) === 0);
    expect(await (await fetch(`${first.http}/api/health`)).json()).toMatchObject({
      status: "DEGRADED",
      checks: { redis: "failing" },
    });
    const before = pongs.length;
    // One pong each second: this is longer than a lease and the time that nodes wait after its end.
    await until(() => pongs.length >= before + 11);
    fleet.redis.signal("SIGCONT");
    await until(async () => (await fleet.metric(first, "lastseen_redis_up")) === 1);

    await fleet.redis.cli("FLUSHALL");
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === "2");
    await until(async () => (await fleet.metric(second, "lastseen_nodes_seen")) === 2);
    const eve = fleet.client("eve");
    await eve.join("daily");
    await until(() => ada.room?.participants.length === 3);
    expect(seen).toEqual([[], []]);
    expect(said(first, "session adopted") || said(second, "session adopted")).toBe(false);
  },
);

test(
  "a node that gets a stop signal hands its rooms over: people go on on the other node, and nobody sees anybody leave",
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
    await until(() =>
      [ada, bob].every((client) => client.state === "connected" && client.room?.participants.length === 2),
    );
    await until(async () => (await fleet.metric(other, "lastseen_participants")) === 2);
    expect(left).toEqual([]);
    for (const client of [ada, bob]) expect(client.session?.resumed).toBe(true);
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:leases")) === "1");
  },
);
