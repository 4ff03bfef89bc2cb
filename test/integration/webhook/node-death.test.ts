import { expect, onTestFinished, test } from "vitest";
import type { BackendEvent } from "@lastseen/protocol";
import { Fleet } from "../../support/fleet.js";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { Receiver, SECRET } from "./receiver.js";

const INHERITED = "webhooks that others have left are delivered here";
/** Covers a lease, the time that nodes wait after its end, and a busy machine. */
const TAKEN_OVER_MS = 40_000;
const TIMEOUT = { timeout: 120_000 };

/** Settings for a backend at this port. The backend need not be running. */
const backendAt = (port: number) => ({ WEBHOOK_URL: `http://127.0.0.1:${port}/hooks`, WEBHOOK_SECRET: SECRET });

/** Starts nodes and waits until the backend has their start events. Then the backend stops, before any delivery has failed. */
async function fleetWithoutBackend(count: number, env: Record<string, string> = {}) {
  const receiver = await Receiver.start();
  const { port } = receiver;
  const fleet = await Fleet.start(count, { ...env, ...backendAt(port) });
  await until(() => receiver.taken.filter(({ type }) => type === "node_started").length === count);
  await receiver.stop();
  return { fleet, port };
}

async function hello(node: ServiceProcess, userId: string): Promise<TestClient> {
  const client = await TestClient.open(node.ws);
  onTestFinished(() => client.reset());
  await client.request("hello", { user: { id: userId }, tabId: "tab" });
  return client;
}

/** Repeats the join, because a busy node may refuse a room for a moment. */
const join = (client: TestClient) => until(async () => (await client.ask("join", { roomId: "daily" })).ok);

/** Opens a session, joins, leaves and joins again: four events. */
async function wander(node: ServiceProcess, userId: string): Promise<TestClient> {
  const client = await hello(node, userId);
  await join(client);
  await client.request("leave");
  await join(client);
  return client;
}

/** The events of one node in the log, oldest first. */
async function logged(ask: ServiceProcess, nodeId: string): Promise<BackendEvent[]> {
  const page = (await (await fetch(`${ask.http}/api/events?limit=1000`)).json()) as { events: BackendEvent[] };
  return page.events.filter((event) => event.nodeId === nodeId);
}

/** Waits until this number of a node's events is in the log. */
async function allLogged(ask: ServiceProcess, nodeId: string, count: number): Promise<BackendEvent[]> {
  await until(async () => (await logged(ask, nodeId)).length >= count);
  return logged(ask, nodeId);
}

const idsOf = (events: readonly BackendEvent[]) => events.map(({ id }) => id);
const partitionOf = ({ userId, roomId, nodeId }: BackendEvent) => userId ?? roomId ?? nodeId;
const nodesThatTookOver = (nodes: readonly ServiceProcess[]) =>
  nodes.filter(({ log }) => log.some(({ msg }) => msg === INHERITED));

function expectInOrder(arrived: readonly BackendEvent[], expected: readonly BackendEvent[]): void {
  for (const partition of new Set(expected.map(partitionOf))) {
    const inPartition = (events: readonly BackendEvent[]) =>
      idsOf(events.filter((event) => partitionOf(event) === partition));
    expect(inPartition(arrived), partition).toEqual(inPartition(expected));
  }
}

test.skipIf(noRedisReason)(
  "when a node is killed while the backend is down, one survivor delivers its logged events once, in order, before its own",
  TIMEOUT,
  async () => {
    const { fleet, port } = await fleetWithoutBackend(3);
    const [doomed, second, third] = fleet.nodes;
    if (!doomed || !second || !third) throw new Error("three nodes were asked for");
    const survivors = [second, third];
    await join(await hello(doomed, "anchor"));
    await Promise.all(Array.from({ length: 30 }, (_, n) => wander(doomed, `user-${n}`)));
    // node_started, room_opened, two events of the anchor, four of each other user. node_started has arrived already.
    const [, ...left] = await allLogged(second, "node-1", 4 + 30 * 4);
    doomed.signal("SIGKILL");
    await until(() => nodesThatTookOver(survivors).length > 0, TAKEN_OVER_MS);
    await until(async () => (await fleet.metric(second, "lastseen_nodes_seen")) === 2, TAKEN_OVER_MS);

    const receiver = await Receiver.start(port);
    const heard = () => receiver.taken.filter(({ nodeId }) => nodeId === "node-1");
    await until(() => heard().length >= left.length, TAKEN_OVER_MS);
    for (const node of survivors) {
      await until(async () => (await fleet.metric(node, "lastseen_webhook_queue_length")) === 0, TAKEN_OVER_MS);
    }
    expect(idsOf(heard()).toSorted()).toEqual(idsOf(left).toSorted());
    expectInOrder(heard(), left);
    const [successor, ...more] = nodesThatTookOver(survivors);
    expect(more).toEqual([]);
    const successorId = `node-${fleet.nodes.findIndex((node) => node === successor) + 1}`;
    const ofSuccessor = receiver.taken.filter(({ nodeId }) => nodeId === "node-1" || nodeId === successorId);
    for (const { userId } of ofSuccessor.filter(({ type }) => type === "session_adopted")) {
      const nodes = ofSuccessor.filter((event) => event.userId === userId).map(({ nodeId }) => nodeId);
      expect(nodes, String(userId)).toEqual(nodes.toSorted((a, b) => Number(b === "node-1") - Number(a === "node-1")));
    }
    await until(async () => !(await fleet.redis.cli("KEYS", "*")).includes("undelivered-events"));
  },
);

test.skipIf(noRedisReason)(
  "when a node is killed before the backend answers, a survivor delivers its unfinished and waiting events, then its own",
  TIMEOUT,
  async () => {
    const receiver = await Receiver.start();
    const fleet = await Fleet.start(2, receiver.settings);
    const [doomed, survivor] = fleet.nodes;
    if (!doomed || !survivor) throw new Error("two nodes were asked for");
    receiver.answer = ({ event }) => (event.userId === "ada" ? new Promise(() => {}) : 204);
    await wander(doomed, "ada");
    await wander(doomed, "bob");
    const left = (await allLogged(survivor, "node-1", 12)).filter(({ userId }) => userId === "ada");
    await until(() => receiver.taken.filter(({ userId }) => userId === "bob").length === 4);
    // Waits until the log has the acknowledgement of all events that have arrived.
    const pending = () => fleet.redis.cli("ZCARD", "lastseen:{all}:undelivered-events");
    await until(async () => Number(await pending()) === left.length);
    doomed.signal("SIGKILL");
    receiver.answer = () => 204;
    const heard = () => receiver.taken.filter(({ nodeId }) => nodeId === "node-1");
    await until(() => heard().filter(({ userId }) => userId === "ada").length === 4, TAKEN_OVER_MS);
    const ofAda = receiver.deliveries
      .map(({ event }) => event)
      .filter(({ nodeId, userId }) => nodeId === "node-1" && userId === "ada");
    // An event that was under way when the node died comes once more. If that took long, the node had repeated it itself.
    const taken = idsOf(ofAda).lastIndexOf(left[0]?.id ?? "");
    expect(new Set(idsOf(ofAda).slice(0, taken))).toEqual(new Set([left[0]?.id]));
    expect(idsOf(ofAda).slice(taken)).toEqual(idsOf(left));
    expect(heard().filter(({ userId }) => userId === "bob")).toHaveLength(4);
    // The survivor's own events about her come after that.
    const adopted = await receiver.get("session_adopted", "ada");
    expect(receiver.taken.indexOf(adopted)).toBeGreaterThan(
      receiver.taken.findLastIndex(({ id }) => id === left.at(-1)?.id),
    );
  },
);

test.skipIf(noRedisReason)(
  "a lone node that is killed and started again delivers the events left behind, under its old name at once, before new ones",
  TIMEOUT,
  async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const port = await freePort();
    const env = { REDIS_URL: redis.url, ...backendAt(port) };
    const before = await ServiceProcess.start({ ...env, NODE_ID: "lone" });
    await wander(before, "ada");
    const left = await allLogged(before, "lone", 8);
    before.signal("SIGKILL");
    await before.ended();
    const receiver = await Receiver.start(port);
    const again = await ServiceProcess.start({ ...env, NODE_ID: "lone" });
    await hello(again, "ada");
    await until(() => receiver.taken.filter(({ type }) => type === "session_opened").length === 2);
    expectInOrder(
      receiver.taken.filter(({ id }) => idsOf(left).includes(id)),
      left,
    );
    const ofAda = receiver.taken.filter(({ userId }) => userId === "ada").map(({ type }) => type);
    expect(ofAda.slice(0, 5)).toEqual(["session_opened", "joined", "left", "joined", "session_opened"]);

    await receiver.stop();
    await (await hello(again, "bob")).request("beforeDisconnect", {});
    const known = idsOf(receiver.taken);
    const rest = (await allLogged(again, "lone", 12)).filter(({ id }) => !known.includes(id));
    expect(rest.length).toBeGreaterThan(0);
    again.signal("SIGKILL");
    await again.ended();
    const back = await Receiver.start(port);
    await ServiceProcess.start({ ...env, NODE_ID: "another" });
    await until(() => rest.every(({ id }) => idsOf(back.taken).includes(id)), TAKEN_OVER_MS);
  },
);

test.skipIf(noRedisReason)(
  "a node that was frozen gives up the events that a survivor delivers, and a stopped node leaves its events to the others",
  TIMEOUT,
  async () => {
    const { fleet, port } = await fleetWithoutBackend(2, { DRAIN_TIMEOUT_MS: "500" });
    const [frozen, survivor] = fleet.nodes;
    if (!frozen || !survivor) throw new Error("two nodes were asked for");
    await wander(frozen, "ada");
    const [, ...left] = await allLogged(survivor, "node-1", 8);
    frozen.signal("SIGSTOP");
    await until(() => nodesThatTookOver([survivor]).length === 1, TAKEN_OVER_MS);
    frozen.signal("SIGCONT");
    await until(() => frozen.log.some(({ msg }) => msg === "another node delivers the webhooks that waited here"));
    survivor.signal("SIGTERM");
    await survivor.ended();
    expect(survivor.log.some(({ msg }) => msg === "webhooks were left at the end")).toBe(true);
    await until(() => nodesThatTookOver([frozen]).length === 1, TAKEN_OVER_MS);

    const receiver = await Receiver.start(port);
    const heard = () => receiver.taken.filter(({ id }) => idsOf(left).includes(id));
    await until(() => heard().length >= left.length, TAKEN_OVER_MS);
    await until(async () => (await fleet.metric(frozen, "lastseen_webhook_queue_length")) === 0, TAKEN_OVER_MS);
    expect(heard()).toHaveLength(left.length);
    expectInOrder(heard(), left);
  },
);
