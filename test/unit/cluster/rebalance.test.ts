import { expect, test } from "vitest";
import type { Session } from "../../../src/session/session.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

/** Longer than the nodes must have been the same before something moves. */
const CALM_MS = 20_000;
const PER_SECOND = 10;

interface Scene {
  world: ClusterWorld;
  full: ClusterNode;
  empty: ClusterNode;
  people: { session: Session; node: () => ClusterNode | undefined }[];
  run: (ms: number) => Promise<void>;
}

/** One node with all people: `alone` in no room, and rooms of these sizes. They ping wherever they are. */
async function scene(alone: number, rooms: readonly number[], perSecond = PER_SECOND): Promise<Scene> {
  const world = new ClusterWorld(2, perSecond);
  const [full, empty] = world.nodes;
  if (!full || !empty) throw new Error("two nodes were asked for");
  await full.cluster.start();
  const opened: Session[] = [];
  for (let n = 0; n < alone; n += 1) opened.push((await full.world.open(`alone-${n}`)).session);
  for (const [room, size] of rooms.entries())
    for (let n = 0; n < size; n += 1) opened.push((await full.world.open(`r${room}-${n}`, `room-${room}`)).session);
  await world.run(2_000);
  await empty.cluster.start();
  const people = opened.map((session) => ({
    session,
    node: () => [full, empty].find((node) => node.find(session.id) !== undefined),
  }));
  const heard = () => {
    const here = full.world.registry.all();
    return [...here].map((session) => ({ node: full, session }));
  };
  const comeBack = (): void => {
    for (const session of empty.world.registry.all()) {
      const before = opened.find(({ id }) => id === session.id);
      if (before && !session.connection) empty.resume(before);
      empty.world.liveness.heard(session);
    }
  };
  const run = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      await world.run(250, heard);
      comeBack();
    }
  };
  return { world, full, empty, people, run };
}

const sizeOf = ({ world }: ClusterNode): number => world.registry.size;
const told = ({ world }: ClusterNode, step: string): number => world.log.filter((line) => line.step === step).length;

test("an added node gets its share, not faster than the setting says, and nobody sees anybody leave", async () => {
  const { full, empty, run } = await scene(100, []);
  await run(10_000);
  expect(sizeOf(empty)).toBe(0);
  await run(CALM_MS - 10_000);
  const before = sizeOf(empty);
  await run(2_000);
  expect(sizeOf(empty) - before).toBeLessThanOrEqual(3 * PER_SECOND);
  await run(10_000);
  expect(sizeOf(empty)).toBeGreaterThanOrEqual(40);
  expect(sizeOf(empty)).toBeLessThanOrEqual(50);
  const shares = [sizeOf(full), sizeOf(empty)];
  await run(120_000);
  expect([sizeOf(full), sizeOf(empty)]).toEqual(shares);
  expect(told(full, "left") + told(full, "ended")).toBe(told(full, "given up"));
  expect(told(empty, "left") + told(empty, "ended")).toBe(0);
});

test("sessions in no room move first, then small rooms; a room moves with all its people, and a room that is too large stays", async () => {
  const { full, empty, run } = await scene(20, [2, 2, 2, 30, 3, 2, 30, 3]);
  await run(60_000);
  expect(sizeOf(empty)).toBeGreaterThanOrEqual(30);
  expect(sizeOf(empty)).toBeLessThanOrEqual(47);
  const there = [...empty.world.rooms.all()].map(({ id, members }) => `${id} ${members.size}`);
  expect(there.filter((room) => room.endsWith(" 30"))).toEqual([]);
  for (const room of there) expect(room).toMatch(/ [23]$/);
  expect([...full.world.registry.all()].filter(({ participation }) => !participation)).toEqual([]);
});

test("with 0 nobody moves", async () => {
  const { empty, run } = await scene(100, [], 0);
  await run(2 * CALM_MS);
  expect(sizeOf(empty)).toBe(0);
});

test("a node that drains gives nobody to a node for its share, and the drain moves everybody once", async () => {
  const { full, empty, people, run } = await scene(60, []);
  await run(CALM_MS);
  const drained = full.cluster.drain(4_000);
  await run(6_000);
  await drained;
  expect(sizeOf(full)).toBe(0);
  expect(sizeOf(empty)).toBe(60);
  expect(told(full, "given up")).toBe(60);
  expect(people.map(({ node }) => node())).toEqual(people.map(() => empty));
});

test("what moves and why is told", async () => {
  const { full, run } = await scene(100, []);
  const events: string[] = [];
  const { clusterEvents } = full.world.service;
  clusterEvents.on("rebalancing", ({ to, own, theirs, sessions }) =>
    events.push(`${to}: ${own} ${theirs} ${sessions}`),
  );
  clusterEvents.on("rebalanced", ({ to, sessions }) => events.push(`${to}: ${sessions} moved`));
  let moved = 0;
  clusterEvents.on("moved_to_share", ({ sessions }) => (moved += sessions));
  await run(60_000);
  expect(events).toEqual(["node-2: 100 0 50", `node-2: ${moved} moved`]);
});
