import { expect, test, vi } from "vitest";
import type { EventData } from "@lastseen/protocol";
import type { Session } from "../../../src/session/session.js";
import { ClusterWorld, TICK_MS, type ClusterNode } from "../../support/cluster-world.js";

const DEADLINE_MS = 4_000;

async function two(): Promise<[ClusterWorld, ClusterNode, ClusterNode]> {
  const world = new ClusterWorld(2);
  const [a, b] = await world.start();
  if (!a || !b) throw new Error("two nodes were asked for");
  return [world, a, b];
}

/** Makes the store wait with its answers to this node's hand-overs until the test calls `answer`. */
function slowHandOvers({ store }: ClusterNode): { asked: string[]; answer: () => void } {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  store.handingOver = (what) => {
    asked.push(...what.map((each) => ("roomId" in each ? each.roomId : each.sessionId)));
    return new Promise((resolve) => waiting.push(resolve));
  };
  return { asked, answer: () => waiting.splice(0).forEach((resolve) => resolve()) };
}

function observed(promise: Promise<void>): { yet: boolean } {
  const state = { yet: false };
  void promise.then(() => (state.yet = true));
  return state;
}

test("the drain waits for a move that is under way at the deadline, and its people move", async () => {
  const [world, a, b] = await two();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  const { asked, answer } = slowHandOvers(a);
  const drained = observed(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS + 1_000);
  expect(asked).toEqual(["daily"]);
  expect(drained.yet).toBe(false);
  expect(a.members("daily")).toEqual(["ada"]);
  answer();
  await world.run(250);
  expect(drained.yet).toBe(true);
  expect(a.find(ada.session.id)).toBeUndefined();
  expect(ada.connection.closedAs).toBe("serviceRestart");
  expect(b.members("daily")).toEqual(["ada"]);
});

test("a move that has not begun at the deadline never begins, and its people stay on this node", async () => {
  const [world, a] = await two();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  // The move's moment is after the deadline, as it can be when the process has paused.
  const { asked } = slowHandOvers(a);
  world.random = () => 2;
  const drained = observed(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS + 250);
  expect(drained.yet).toBe(true);
  await world.run(60_000, () => [{ node: a, session: ada.session }]);
  expect(asked).toEqual([]);
  expect(a.members("daily")).toEqual(["ada"]);
  expect(ada.connection.types()).not.toContain("server_closing");
});

test("closing ends a drain at once: moves that have not begun never begin", async () => {
  const [world, a] = await two();
  await a.world.open("ada", "daily");
  await world.run(250);
  const { asked } = slowHandOvers(a);
  const drained = observed(a.cluster.drain(DEADLINE_MS));
  await world.run(250);
  await a.cluster.close();
  expect(drained.yet).toBe(true);
  await world.run(DEADLINE_MS);
  expect(asked).toEqual([]);
});

test("a session that waits to move alone and enters a room moves with that room, and only once", async () => {
  const [world, a, b] = await two();
  const bob = await a.world.open("bob", "daily");
  const ada = await a.world.open("ada");
  await world.run(250);
  const { asked, answer } = slowHandOvers(a);
  const moments = [0.9, 0.1];
  world.random = () => moments.shift() ?? 0.5;
  const drained = a.cluster.drain(DEADLINE_MS);
  await world.run(250);
  const { session, connection } = ada;
  await a.world.admission.admit(
    { session, connection, roomId: "daily", metadata: undefined, onDuplicate: undefined },
    () => {},
  );
  for (let passed = 0; passed < DEADLINE_MS; passed += 500) {
    answer();
    await world.run(500);
  }
  await drained;
  expect(asked).toEqual(["daily"]);
  for (const { id } of [session, bob.session]) expect(b.find(id)?.participation?.roster.id).toBe("daily");
});

test("a second drain moves the sessions that the first drain could not move", async () => {
  const [world, a, b] = await two();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  world.random = () => 2;
  const first = observed(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS + 250);
  expect(first.yet).toBe(true);
  expect(a.members("daily")).toEqual(["ada"]);
  world.random = () => 0.5;
  const second = observed(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS);
  expect(second.yet).toBe(true);
  expect(a.find(ada.session.id)).toBeUndefined();
  expect(b.members("daily")).toEqual(["ada"]);
});

test("a drained node takes over a dead node's sessions only when no other node can", async () => {
  const world = new ClusterWorld(3);
  const [a, b, c] = await world.start();
  if (!a || !b || !c) throw new Error("three nodes were asked for");
  const drained = a.cluster.drain(DEADLINE_MS);
  await world.run(DEADLINE_MS);
  await drained;
  // From now on the other node renews, and looks for dead nodes, half a second after the drained node.
  await world.run(500);
  c.cluster.stalled(3_000);
  const taken: string[] = [];
  a.world.service.clusterEvents.on("taking_over", ({ nodeId }) => taken.push(nodeId));
  const ada = await b.world.open("ada", "daily");
  await world.run(250);
  world.stop(b);
  await world.run(15_000);
  expect(c.members("daily")).toEqual(["ada"]);
  expect(taken).toEqual([]);
  world.stop(c);
  await world.run(15_000);
  expect(a.members("daily")).toEqual(["ada"]);
  expect(taken).toContain("node-3");
  expect(a.resume(ada.session)).toBeDefined();
});

test("what a stopping node could not hand over goes on at another node, as after a death, but nobody leaves", async () => {
  const [world, a, b] = await two();
  const { session } = await a.world.open("ada", "daily");
  await world.run(250);
  world.random = () => 2;
  const drained = a.cluster.drain(DEADLINE_MS);
  await world.run(DEADLINE_MS + 250);
  await drained;
  const ends: unknown[] = [];
  a.world.service.lifecycle.on("ended", ({ givenUp }) => ends.push(givenUp));
  await a.cluster.leave();
  await a.world.service.endSessions();
  expect(ends).toEqual(["handed_over"]);
  await world.run(10_000);
  expect(b.members("daily")).toEqual(["ada"]);
  expect(b.find(session.id)?.epoch).toBeGreaterThan(1);
  expect(b.resume(session)).toBeDefined();
});

test("a node that the store has not answered for long says that its people leave: no other node knows all of them", async () => {
  const [world, a, b] = await two();
  await a.world.open("ada", "daily");
  await world.run(250);
  a.store.on = false;
  await world.run(10_000);
  const left: unknown[] = [];
  a.world.service.lifecycle.on("left", ({ reason, givenUp }) => left.push([reason, givenUp]));
  expect(a.cluster.hasHeirs).toBe(false);
  await a.world.service.endSessions();
  expect(left).toEqual([["shutdown", undefined]]);
  await world.run(10_000);
  expect(b.members("daily")).toEqual(["ada"]);
});

/** How often the drain of a node with so many sessions looks at one of them, for each session. */
async function looksPerSession(count: number, roomOf: (n: number) => string | undefined): Promise<number> {
  const world = new ClusterWorld(3);
  const [a, b, c] = world.nodes;
  if (!a || !b || !c) throw new Error("three nodes were asked for");
  await a.cluster.start();
  const sessions: Session[] = [];
  for (let n = 0; n < count; n++) sessions.push((await a.world.open(`user-${n}`, roomOf(n))).session);
  // The other nodes start later, so that all rooms are on the first node.
  for (const { cluster } of [b, c]) await cluster.start();
  await world.run(2_500);
  let moment = 0;
  world.random = () => (moment += 0.618) % 1;
  let looks = 0;
  for (const session of sessions) {
    const { status } = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(session) as typeof session);
    Object.defineProperty(session, "status", { get: () => (looks++, status.get?.call(session) as string) });
  }
  const drained = a.cluster.drain(DEADLINE_MS);
  await world.run(DEADLINE_MS);
  await drained;
  await world.run(1_000);
  expect(sessions.filter(({ id }) => a.find(id))).toEqual([]);
  const given = [b, c].map((node) => sessions.filter(({ id }) => node.find(id)).length);
  expect(given.reduce((sum, each) => sum + each)).toBe(count);
  expect(Math.abs((given[0] ?? 0) - (given[1] ?? 0))).toBeLessThanOrEqual(count / 10);
  return looks / count;
}

test.each([
  ["in no room", () => undefined],
  ["in rooms of two", (n: number) => `room-${n >> 1}`],
])("the work of a drain grows with the number of sessions, not with its square: sessions %s", async (_, roomOf) => {
  const few = await looksPerSession(100, roomOf);
  const many = await looksPerSession(1_000, roomOf);
  expect(many).toBeLessThanOrEqual(few + 1);
});

test.each([
  [800, "after the last move, because they cannot all arrive while sessions move", 700],
  [200, "while sessions still move", 0],
])("the first of %i clients comes back %s", async (count, _, atLeastMs) => {
  const [world, a] = await two();
  const connections = [];
  for (let n = 0; n < count; n += 1) connections.push((await a.world.open(`user-${n}`)).connection);
  await world.run(250);
  world.random = () => 0;
  const drained = a.cluster.drain(1_000);
  // The clients are told at the first tick of this world.
  await world.run(TICK_MS);
  const told = connections.flatMap(({ frames }) => frames.filter(({ type }) => type === "server_closing"));
  const delays = told.map(({ data }) => (data as EventData<"server_closing">).reconnectAfterMs);
  expect(Math.min(...delays)).toBe(Math.max(atLeastMs - TICK_MS, 0));
  await world.run(1_000);
  await drained;
});

test("the sessions of a crowd move at once, because their clients wait for their turn in any case", async () => {
  const [world, a, b] = await two();
  for (let n = 0; n < 800; n += 1) await a.world.open(`user-${n}`);
  await world.run(250);
  world.random = () => 0.99;
  const drained = a.cluster.drain(1_000);
  await world.run(TICK_MS);
  expect([a.world.registry.size, b.world.registry.size]).toEqual([0, 800]);
  await drained;
});

test("a session that was handed over is not written once more, unless its room is full there", async () => {
  const [world, a, b] = await two();
  for (const userId of ["ada", "bob"]) await a.world.open(userId, "daily");
  await a.world.open("eve");
  await world.run(250);
  const write = vi.spyOn(b.world.directory, "putSession");
  const [enter, full] = [b.world.rooms.enter.bind(b.world.rooms), new Error("room_full")];
  vi.spyOn(b.world.rooms, "enter").mockImplementation((roomId, session, ...rest) => {
    if (session.userId === "bob") throw full;
    return enter(roomId, session, ...rest);
  });
  const drained = a.cluster.drain(DEADLINE_MS);
  await world.run(DEADLINE_MS);
  await drained;
  expect(b.world.registry.size).toBe(3);
  expect(write.mock.calls.map(([{ userId, roomId }]) => [userId, roomId])).toEqual([["bob", undefined]]);
});

test("while the store refuses at once, the drain asks a few times in a second, and goes on when it answers", async () => {
  const [world, a, b] = await two();
  for (let n = 0; n < 800; n += 1) await a.world.open(`user-${n}`);
  await world.run(250);
  let asked = 0;
  a.store.handingOver = () => {
    asked += 1;
    return Promise.reject(new Error("refused"));
  };
  const drained = observed(a.cluster.drain(1_500));
  await world.run(750);
  expect(drained.yet).toBe(false);
  expect(asked).toBeLessThanOrEqual(4 * Math.ceil(800 / 50));
  delete a.store.handingOver;
  await world.run(750);
  expect([a.world.registry.size, b.world.registry.size]).toEqual([0, 800]);
});

test("who was handed over although the answer was lost is given up at once, also in a drain that goes on for long", async () => {
  const [world, a, b] = await two();
  const { session, connection } = await a.world.open("ada", "daily");
  await a.world.open("bob");
  await world.run(250);
  a.store.handedOver = () => Promise.reject(new Error("no answer"));
  world.random = () => 0;
  void a.cluster.drain(60_000);
  await world.run(1_000);
  expect(a.find(session.id)).toBeUndefined();
  expect(connection.closedAs).toBe("serviceRestart");
  delete a.store.handedOver;
  await world.run(5_000);
  expect(b.members("daily")).toEqual(["ada"]);
  expect(b.resume(session)).toBeDefined();
  await a.cluster.close();
});
