import { expect, onTestFinished, test } from "vitest";
import type { BackendEvent } from "@lastseen/protocol";
import { Random } from "../../support/random.js";
import { noRedisReason } from "../../support/redis-server.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { startService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { Fleet } from "../../support/fleet.js";
import { Scrape } from "../http/exposition.js";
import { isSigned, Receiver } from "./receiver.js";

const idsOf = (events: readonly BackendEvent[]) => events.map(({ id }) => id);
const users = (count: number) => Array.from({ length: count }, (_, n) => `user-${n}`);
const partitionOf = ({ nodeId, userId, roomId }: BackendEvent) => `${nodeId} ${userId ?? roomId}`;

/** The events as a backend has them that ignores what it has seen before. */
const onlyFirst = (events: readonly BackendEvent[]) => [...new Map(events.map((each) => [each.id, each])).values()];

function byPartition(events: readonly BackendEvent[]): Map<string, string[]> {
  const partitions = new Map<string, string[]>();
  for (const event of events) {
    const key = partitionOf(event);
    const ids = partitions.get(key);
    if (ids) ids.push(event.id);
    else partitions.set(key, [event.id]);
  }
  return partitions;
}

test("with WEBHOOK_BATCH_MAX a slow backend gets many events in one signed request, in order for each user", async () => {
  const receiver = await Receiver.start();
  const service = await startService({ ...receiver.settings, WEBHOOK_BATCH_MAX: "40", WEBHOOK_PARALLEL_MAX: "2" });
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  receiver.answer = async () => (await gate, 204);
  const clients = await Promise.all(users(30).map((userId) => service.join(userId, "daily")));
  await Promise.all(clients.map((client) => client.request("leave")));
  open();
  await until(() => receiver.taken.filter(({ type }) => type === "left").length === 30);
  expect(receiver.mostAtOnce).toBe(2);
  expect(receiver.deliveries.length).toBeLessThan(12);
  expect(Math.max(...receiver.deliveries.map(({ events }) => events.length))).toBe(40);
  expect(receiver.deliveries.every((delivery) => isSigned(delivery))).toBe(true);
  for (const user of users(30)) {
    const types = receiver.taken.filter(({ userId }) => userId === user).map(({ type }) => type);
    expect(types, user).toEqual(["session_opened", "joined", "left"]);
  }
});

test("what is dropped is told by an event, health, metrics and the log, and its count is exact", async () => {
  const receiver = await Receiver.start();
  receiver.answer = () => 503;
  const env = { ...receiver.settings, WEBHOOK_QUEUE_MAX: "100", WEBHOOK_BATCH_MAX: "20", NODE_ID: "node-a" };
  const service = await startService(env);
  const health = async () => (await (await service.get("/api/health")).json()) as Record<string, unknown>;
  const clients = await Promise.all(users(12).map((userId) => service.hello(userId)));
  for (let round = 0; round < 8; round += 1) {
    for (const client of clients) {
      await client.request("join", { roomId: "daily" });
      await client.request("leave");
    }
  }
  const dropped = async () => (await Scrape.of(service)).value('webhook_events_dropped_total{cause="queue_full"}');
  await until(async () => Number(await dropped()) > 50);
  expect(await health()).toMatchObject({ status: "DEGRADED", checks: { webhook: "failing" } });
  const warnings = (await health())["warnings"] as string[];
  expect(warnings[0]).toMatch(
    /^The backend at WEBHOOK_URL takes no events \(HTTP 503\); \d+ wait\. Look at your backend\.$/,
  );
  expect(warnings[1]).toMatch(/^\d+ events for the backend were dropped because more than WEBHOOK_QUEUE_MAX waited/);
  expect(warnings.join()).not.toMatch(/127\.0\.0\.1|user-/);
  expect(service.log.some(({ msg }) => msg === "events for the backend were dropped")).toBe(true);

  receiver.answer = () => 204;
  await until(async () => (await Scrape.of(service)).value("webhook_queue_length") === 0, 60_000);
  const told = () => receiver.taken.filter(({ type }) => type === "events_dropped");
  const sum = () => onlyFirst(told()).reduce((total, { count = 0 }) => total + count, 0);
  await until(async () => sum() === (await dropped()));
  const [first] = told();
  expect(first).toMatchObject({ cause: "queue_full", nodeId: "node-a", roomId: null, userId: null, sessionId: null });
  // The events of this node that have not arrived are those that were dropped, and few that told of drops.
  const arrived = new Set(receiver.taken.map(({ sequence }) => sequence));
  const missing = Array.from({ length: Math.max(...arrived) }, (_, n) => n + 1).filter((n) => !arrived.has(n));
  const tellers = missing.length - sum();
  expect(tellers).toBeGreaterThanOrEqual(0);
  expect(tellers).toBeLessThanOrEqual(5);
  // The oldest were dropped, so each user's last event has arrived.
  for (const user of users(12)) {
    expect(receiver.taken.findLast(({ userId }) => userId === user)?.type, user).toBe("left");
  }
  expect(await health()).toMatchObject({ checks: { webhook: "failing" } });
});

/** Goes in and out of a room until it is told to stop. Each time it waits until it may go on. */
async function wander(node: ServiceProcess, userId: string, mayGoOn: () => Promise<boolean>): Promise<void> {
  const client = await TestClient.open(node.ws);
  onTestFinished(() => client.reset());
  await client.request("hello", { user: { id: userId }, tabId: "tab" });
  while (await mayGoOn()) {
    await client.ask("join", { roomId: `room-${userId}` });
    await client.ask("leave");
  }
}

test.skipIf(noRedisReason).each([1, 25])(
  "while the backend fails at random and a node dies, no logged event is lost and each user's are in order, %i at once",
  { timeout: 180_000 },
  async (batch) => {
    const random = new Random(batch);
    const receiver = await Receiver.start();
    const env = { ...receiver.settings, WEBHOOK_BATCH_MAX: String(batch), MAX_MESSAGES_PER_SECOND: "1000" };
    const fleet = await Fleet.start(2, env);
    const [doomed, survivor] = fleet.nodes;
    if (!doomed || !survivor) throw new Error("two nodes were asked for");
    let never = 2;
    receiver.answer = async () => {
      const chance = random.next();
      if (chance < 0.01 && never > 0) {
        never -= 1;
        return new Promise<number>(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, random.below(20)));
      return chance < 0.04 ? 500 : chance < 0.05 ? 429 : chance < 0.07 ? 409 : 204;
    };
    let isOver = false;
    let told = 0;
    const mayGoOn = async (): Promise<boolean> => {
      await until(() => isOver || told - receiver.taken.length < 400, 60_000);
      told += 4;
      return !isOver;
    };
    const [, lasting = []] = [doomed, survivor].map((node, n) =>
      users(8).map((userId) =>
        wander(node, `${userId}-${n}`, mayGoOn).catch((error: unknown) => {
          if (node === survivor) throw error;
        }),
      ),
    );
    await until(() => receiver.taken.length > 500, 60_000);
    doomed.signal("SIGKILL");
    const before = receiver.taken.length;
    await until(() => receiver.taken.length > before + 100, 60_000);
    isOver = true;
    await Promise.all(lasting);
    receiver.answer = () => 204;

    /** Undefined when a busy Redis has not answered. */
    const logged = async (): Promise<BackendEvent[] | undefined> => {
      const all: BackendEvent[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const query = after === undefined ? "" : `&after=${after}`;
        const answer = await fetch(`${survivor.http}/api/events?limit=1000${query}`);
        if (!answer.ok) return undefined;
        const page = (await answer.json()) as { events: BackendEvent[]; next: string | null };
        all.push(...page.events);
        after = page.next;
      }
      return all;
    };
    // The dead node's sessions end later and add events, so both sides are cut to the events of one reading of the log.
    let all: BackendEvent[] = [];
    const missing = async () => {
      const read = await logged();
      if (!read) return Infinity;
      all = read;
      const arrived = new Set(idsOf(receiver.taken));
      return all.filter(({ id }) => !arrived.has(id)).length;
    };
    await until(async () => (await missing()) === 0, 100_000);
    const known = new Set(idsOf(all));
    expect(byPartition(onlyFirst(receiver.taken).filter(({ id }) => known.has(id)))).toEqual(byPartition(all));
    expect(receiver.taken.filter(({ type }) => type === "events_dropped")).toEqual([]);
    if (batch > 1) expect(receiver.deliveries.length).toBeLessThan(receiver.taken.length / 2);
    await until(async () => !(await fleet.redis.cli("KEYS", "*")).includes("undelivered-events"));
  },
);
