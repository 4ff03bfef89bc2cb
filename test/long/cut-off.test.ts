import { expect, onTestFinished, test } from "vitest";
import type { LastseenClient } from "../../packages/client/src/client.js";
import { Balancer } from "../support/balancer.js";
import { Fleet } from "../support/fleet.js";
import { freePort } from "../support/free-port.js";
import { sdkClient } from "../support/node-browser.js";
import { ServiceProcess } from "../support/service-process.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { until } from "../support/until.js";

const GRACE_MS = 3_000;

interface Stage {
  fleet: Fleet;
  /** The node that keeps its path to Redis, and the node that can be cut off. */
  whole: ServiceProcess;
  cutOff: ServiceProcess;
  wayToRedis: TcpProxy;
  client: (userId: string) => LastseenClient;
}

async function stage(): Promise<Stage> {
  const env = { RESUME_GRACE_MS: String(GRACE_MS), HEARTBEAT_INTERVAL_MS: "1000", AWAY_AFTER_MS: "3000" };
  const fleet = await Fleet.start(1, env);
  const [whole] = fleet.nodes;
  if (!whole) throw new Error("a node was asked for");
  const wayToRedis = await TcpProxy.start(fleet.redis.port);
  onTestFinished(() => wayToRedis.close());
  const port = await freePort();
  const cutOff = await ServiceProcess.start({
    ...env,
    PORT: String(port),
    NODE_ID: "node-2",
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    REDIS_URL: `redis://127.0.0.1:${wayToRedis.port}`,
  });
  const both = await Balancer.start([whole.port, port]);
  await until(async () => (await fleet.metric(whole, "lastseen_nodes_seen")) === 2);
  return { fleet, whole, cutOff, wayToRedis, client: (id) => sdkClient({ url: both.http, user: { id } }) };
}

/** Two people join a room. It is on the node that will be cut off, because the other node has more sessions. */
async function twoInARoom({ fleet, whole, cutOff, client }: Stage): Promise<[LastseenClient, LastseenClient]> {
  const elsewhere = ["x", "y", "z"].map((id) => fleet.client(id, whole.http));
  await until(() => elsewhere.every(({ state }) => state === "connected"));
  const people = [client("ada"), client("bob")] as const;
  for (const person of people) await person.join("daily");
  expect(people.map(({ session }) => session?.nodeId)).toEqual(["node-2", "node-2"]);
  await until(async () => (await fleet.metric(cutOff, "lastseen_participants")) === 2);
  return [...people];
}

function troublesOf(client: LastseenClient): string[] {
  const seen: string[] = [];
  client.on("state", ({ state, reason }) => seen.push(`${state}: ${reason}`));
  client.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
  client.on("user_joined", ({ participant }) => seen.push(`${participant.userId} joined`));
  client.on("media_reset", ({ reason }) => seen.push(`media reset: ${reason}`));
  return seen;
}

const idOf = ({ session }: LastseenClient): string => session?.sessionId ?? "";
const names = ({ room }: LastseenClient): string[] => (room?.participants ?? []).map(({ userId }) => userId).toSorted();

/** Whether the node's log has this message for each of the sessions. */
function said(node: ServiceProcess, message: string, sessionIds: readonly string[]): boolean {
  const about = new Set(node.log.filter(({ msg }) => msg === message).map((line) => String(line["sessionId"])));
  return sessionIds.every((id) => about.has(id));
}

test("one node cannot reach Redis for a moment: its people move to the node that took them over, nobody leaves", async () => {
  const scene = await stage();
  const { whole, cutOff, wayToRedis } = scene;
  const people = await twoInARoom(scene);
  const ids = people.map(idOf);
  const seen = people.map(troublesOf);
  wayToRedis.cut();
  await until(() => said(whole, "session adopted", ids), 30_000);
  expect(seen).toEqual([[], []]);
  wayToRedis.heal();
  await until(() => said(whole, "session resumed", ids), 30_000);
  await until(() => people.every(({ state, session }) => state === "connected" && session?.nodeId === "node-1"));
  expect(people.map(idOf)).toEqual(ids);
  for (const troubles of seen) {
    expect(troubles).toEqual(["reconnecting: server_restart", "media reset: node_lost", "connected: undefined"]);
  }
  for (const person of people) await until(() => names(person).join() === "ada,bob");
  expect(said(cutOff, "session given up", ids)).toBe(true);
});

test("one node cannot reach Redis for longer: people notice nothing until somebody opens their room elsewhere", async () => {
  const scene = await stage();
  const { fleet, whole, wayToRedis } = scene;
  const people = await twoInARoom(scene);
  const ids = people.map(idOf);
  const seen = people.map(troublesOf);
  const entries = (): Promise<string> => fleet.redis.cli("HVALS", "lastseen:{all}:sessions");
  wayToRedis.cut();
  await until(() => said(whole, "session ended", ids), 45_000);
  expect(await entries()).not.toContain(" daily ");
  wayToRedis.heal();
  await until(
    async () => (await entries()).split("\n").filter((line) => / node-2@\d+ \S+ daily /.test(line)).length === 2,
  );
  expect(seen).toEqual([[], []]);

  wayToRedis.cut();
  await until(() => whole.log.filter(({ msg }) => msg === "session adopted").length === 2 * ids.length, 30_000);
  await until(async () => !(await entries()).includes(" daily "), 30_000);
  const eve = fleet.client("eve", whole.http);
  await eve.join("daily");
  expect(seen).toEqual([[], []]);
  wayToRedis.heal();
  for (const person of [eve, ...people]) await until(() => names(person).join() === "ada,bob,eve", 30_000);
  expect(seen.flat().filter((trouble) => trouble.includes(" left: "))).toEqual([]);
});
