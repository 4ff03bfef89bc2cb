import { expect, test } from "vitest";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

const DEADLINE_MS = 4_000;

async function two(): Promise<[ClusterWorld, ClusterNode, ClusterNode]> {
  const world = new ClusterWorld(2);
  const [a, b] = await world.start();
  if (!a || !b) throw new Error("two nodes were asked for");
  return [world, a, b];
}

/** The store takes its time over every hand-over of this node; each is answered when the test says so. */
function slowHandOvers({ store }: ClusterNode): { asked: string[]; answer: () => void } {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  store.handingOver = (what) => {
    asked.push("roomId" in what ? what.roomId : what.sessionId);
    return new Promise((resolve) => waiting.push(resolve));
  };
  return { asked, answer: () => waiting.splice(0).forEach((resolve) => resolve()) };
}

function settled(promise: Promise<void>): { yet: boolean } {
  const state = { yet: false };
  void promise.then(() => (state.yet = true));
  return state;
}

test("a move that is under way at the deadline is waited for, and its people are not left behind", async () => {
  const [world, a, b] = await two();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  const { asked, answer } = slowHandOvers(a);
  const drained = settled(a.cluster.drain(DEADLINE_MS));
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

test("what has not begun by the deadline never begins: everybody stays who would have been moved later", async () => {
  const [world, a] = await two();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  // No moment of its own: the deadline comes first, as it may in a process that stands still.
  const { asked } = slowHandOvers(a);
  world.random = () => 2;
  const drained = settled(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS + 250);
  expect(drained.yet).toBe(true);
  await world.run(60_000, () => [{ node: a, session: ada.session }]);
  expect(asked).toEqual([]);
  expect(a.members("daily")).toEqual(["ada"]);
  expect(ada.connection.types()).not.toContain("server_closing");
});

test("closing ends a drain at once: what waits for its moment is not moved any more", async () => {
  const [world, a] = await two();
  await a.world.open("ada", "daily");
  await world.run(250);
  const { asked } = slowHandOvers(a);
  const drained = settled(a.cluster.drain(DEADLINE_MS));
  await world.run(250);
  await a.cluster.close();
  expect(drained.yet).toBe(true);
  await world.run(DEADLINE_MS);
  expect(asked).toEqual([]);
});

test("who enters a room while waiting to be moved alone is moved with that room and not twice", async () => {
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

test("a drain that is over can be begun anew, with whoever could not be moved before", async () => {
  const [world, a, b] = await two();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  world.random = () => 2;
  const first = settled(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS + 250);
  expect(first.yet).toBe(true);
  expect(a.members("daily")).toEqual(["ada"]);
  world.random = () => 0.5;
  const second = settled(a.cluster.drain(DEADLINE_MS));
  await world.run(DEADLINE_MS);
  expect(second.yet).toBe(true);
  expect(a.find(ada.session.id)).toBeUndefined();
  expect(b.members("daily")).toEqual(["ada"]);
});

test("a drained node takes nothing of a dead one while another can, and takes over when there is no other", async () => {
  const world = new ClusterWorld(3);
  const [a, b, c] = await world.start();
  if (!a || !b || !c) throw new Error("three nodes were asked for");
  const drained = a.cluster.drain(DEADLINE_MS);
  await world.run(DEADLINE_MS);
  await drained;
  // From now on the other node renews, and looks for the dead, half a second after the drained one.
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
