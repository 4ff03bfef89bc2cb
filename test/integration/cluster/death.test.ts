import { expect, onTestFinished, test } from "vitest";
import type { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { Fleet } from "../../support/fleet.js";

/** The test with ten thousand sessions on the dead node is test/long/node-death.test.ts. */
const ROOMS = 48;
const IN_A_ROOM = 10;
/** People per room who come back. The others are so few that the hold guard does not delay their removal. */
const RETURNING = 5;
/** Long enough for all returning clients to come back on a busy machine. */
const GRACE_MS = 8_000;

interface Place {
  /** The node that had the session. */
  at: string;
  sessionId: string;
  resumeToken: string;
  userId: string;
}

/** Joins a room at a node, or at the node that has the room. */
async function enter(userId: string, roomId: string, at: string): Promise<Place> {
  const client = await TestClient.open(`${at.replace("http", "ws")}/ws`);
  onTestFinished(() => client.reset());
  await client.request("hello", { user: { id: userId }, tabId: "tab" });
  const answer = await client.ask("join", { roomId });
  if (answer.ok) return { at, userId, sessionId: answer.data.sessionId, resumeToken: answer.data.resumeToken };
  client.reset();
  return enter(userId, roomId, String(answer.error.data?.["url"]));
}

async function fill(room: number, at: string): Promise<Place[]> {
  const first = await enter(`user-${room}-0`, `room-${room}`, at);
  const others = Array.from({ length: IN_A_ROOM - 1 }, (_, index) =>
    enter(`user-${room}-${index + 1}`, `room-${room}`, first.at),
  );
  return [first, ...(await Promise.all(others))];
}

/** Fills rooms with people on all nodes. */
async function crowd(nodes: readonly ServiceProcess[]): Promise<Place[]> {
  const places: Place[] = [];
  for (let room = 0; room < ROOMS; room += nodes.length) {
    const filled = await Promise.all(nodes.map(({ http }, index) => fill(room + index, http)));
    places.push(...filled.flat());
  }
  return places;
}

/** Resumes a session on the node that has it now; `undefined` while the nodes do not know yet that its node is dead. */
async function comeBack(place: Place, base: string): Promise<TestClient | undefined> {
  const client = await TestClient.open(`${base.replace("http", "ws")}/ws`);
  onTestFinished(() => client.reset());
  const { sessionId, resumeToken, userId } = place;
  const hello = { user: { id: userId }, tabId: "tab", resume: { sessionId, resumeToken } };
  const answer = await client.ask("hello", hello);
  if (answer.ok) return client;
  client.reset();
  const { code, data } = answer.error;
  if (code === "redirect") return comeBack(place, String(data?.["url"]));
  expect(code).toBe("overloaded");
  return undefined;
}

const adoptedBy = (nodes: readonly ServiceProcess[]): string[] =>
  nodes.flatMap(({ log }) =>
    log.filter(({ msg }) => msg === "session adopted").map((line) => String(line["sessionId"])),
  );

test(
  "after a node is killed, other nodes take each session over once; clients that return resume, others leave as node_lost",
  { timeout: 180_000 },
  async () => {
    const fleet = await Fleet.start(3, { RESUME_GRACE_MS: String(GRACE_MS) });
    const [doomed, second, third] = fleet.nodes;
    if (!doomed || !second || !third) throw new Error("three nodes were asked for");
    const places = await crowd(fleet.nodes);
    const lost = places.filter(({ at }) => at === doomed.http);
    expect(lost.length).toBeGreaterThan(places.length / 5);
    doomed.signal("SIGKILL");

    const survivors = [second, third];
    await until(() => adoptedBy(survivors).length === lost.length);
    expect(new Set(adoptedBy(survivors)).size).toBe(lost.length);

    const returning = lost.filter((_, index) => index % IN_A_ROOM < RETURNING);
    const back = await Promise.all(returning.map((place) => comeBack(place, second.http)));
    expect(back.filter((client) => client === undefined)).toEqual([]);
    const [someone] = back;
    expect(await someone?.event("media_reset")).toEqual({ reason: "node_lost" });
    await until(() => someone?.events("user_left").length === IN_A_ROOM - RETURNING, 60_000);
    expect(someone?.events("media_reset")).toHaveLength(1);
    expect(new Set(someone?.events("user_left").map(({ reason }) => reason))).toEqual(new Set(["node_lost"]));

    const here = places.length - lost.length + returning.length;
    await until(async () => {
      const counts = await Promise.all(survivors.map((node) => fleet.metric(node, "lastseen_participants")));
      return counts.reduce((sum = 0, count = 0) => sum + count, 0) === here;
    });
    expect(await fleet.metric(second, "lastseen_nodes_seen")).toBe(2);
    await until(async () => (await fleet.redis.cli("HLEN", "lastseen:{all}:sessions")) === String(here));
    for (const key of (await fleet.redis.cli("KEYS", "*")).split("\n")) {
      const content = await fleet.redis.cli(...readOf(await fleet.redis.cli("TYPE", key), key));
      expect(content).not.toContain("node-1@");
    }
  },
);

function readOf(type: string, key: string): string[] {
  if (type === "hash") return ["HGETALL", key];
  if (type === "zset") return ["ZRANGE", key, "0", "-1"];
  return ["GET", key];
}
