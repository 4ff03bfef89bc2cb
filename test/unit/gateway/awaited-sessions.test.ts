import { expect, onTestFinished, test } from "vitest";
import { AwaitedSessions, type WaitOutcome } from "../../../src/gateway/awaited-sessions.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

/** As long as a hello may wait. */
const LIMIT_MS = 9_000;
/** A lease of 6 s has missed a renewal by then. */
const OVERDUE_MS = 4_000;

async function three(): Promise<[ClusterWorld, ClusterNode, ClusterNode, ClusterNode]> {
  const world = new ClusterWorld(3);
  const [a, b, c] = await world.start();
  if (!a || !b || !c) throw new Error("three nodes were asked for");
  return [world, a, b, c];
}

/** The first node has stopped, so that its lease has missed a renewal. @returns `ids` of the sessions of these users there, `id` of the first */
async function overdue(...users: string[]) {
  const [world, a, b] = await three();
  const opened = await Promise.all(users.map((user) => a.world.open(user)));
  await world.run(250);
  world.stop(a);
  await world.run(OVERDUE_MS);
  const ids = opened.map(({ session }) => session.id);
  return { world, a, b, ids, id: ids[0] ?? "" };
}

interface Awaiting {
  awaited: AwaitedSessions;
  /** How many sessions were asked for in each question. */
  asked: number[];
  wait: (sessionId: string, limitMs?: number) => Promise<WaitOutcome>;
}

function awaitingAt({ world }: ClusterNode): Awaiting {
  const asked: number[] = [];
  const awaited = new AwaitedSessions({
    clock: world.clock,
    nodeId: world.directory.nodeId,
    events: world.events,
    find: (sessionIds) => {
      asked.push(sessionIds.length);
      return world.directory.findSessions(sessionIds);
    },
  });
  onTestFinished(() => awaited.close());
  const wait = async (sessionId: string, limitMs = LIMIT_MS) => {
    const place = await world.directory.findSession(sessionId);
    if (!place || !awaited.isOverdue(place)) throw new Error("its node does not seem dead");
    return awaited.wait(sessionId, place, limitMs);
  };
  return { awaited, asked, wait };
}

test("clients of a dead node wait until it is taken over: one node has the session then, and the other knows which", async () => {
  const [world, a, b, c] = await three();
  const opened = await Promise.all(Array.from({ length: 300 }, (_, n) => a.world.open(`u${n}`)));
  const ids = opened.map(({ session }) => session.id);
  await world.run(250);
  world.stop(a);
  await world.run(OVERDUE_MS);
  const [atB, atC] = [awaitingAt(b), awaitingAt(c)];
  const waiting = Promise.all([b, c].map((node) => Promise.all(ids.map(node === b ? waitAt(atB) : waitAt(atC)))));
  await world.run(LIMIT_MS);
  const [fromB = [], fromC = []] = await waiting;
  for (const [n, id] of ids.entries()) {
    const holder = b.find(id) ? "node-2" : "node-3";
    const elsewhere = { kind: "placed", place: expect.objectContaining({ nodeId: holder }) as object };
    expect(fromB[n]).toEqual(holder === "node-2" ? { kind: "here" } : elsewhere);
    expect(fromC[n]).toEqual(holder === "node-3" ? { kind: "here" } : elsewhere);
  }
  expect([atB.awaited.size, atC.awaited.size]).toEqual([0, 0]);
});

function waitAt({ wait }: Awaiting): (sessionId: string) => Promise<WaitOutcome> {
  return (sessionId) => wait(sessionId);
}

test("before sessions can move, one of them is asked for and not all", async () => {
  const { world, b, ids } = await overdue(...Array.from({ length: 50 }, (_, n) => `u${n}`));
  const { asked, wait, awaited } = awaitingAt(b);
  const waiting = Promise.all(ids.map((id) => wait(id)));
  await world.run(3_000);
  expect(awaited.size).toBe(50);
  expect(new Set(asked)).toEqual(new Set([1]));
  await world.run(LIMIT_MS);
  await waiting;
});

test("a node that has only stood still keeps its sessions, and their clients are told so", async () => {
  const { world, a, b, ids } = await overdue("ada", "bob");
  const { wait } = awaitingAt(b);
  const waiting = Promise.all(ids.map((id) => wait(id)));
  await world.run(1_000);
  await world.wake(a);
  await world.run(2_500);
  const place = expect.objectContaining({ nodeId: "node-1", url: "http://node-1", expired: false }) as object;
  expect(await waiting).toEqual([
    { kind: "placed", place },
    { kind: "placed", place },
  ]);
});

test("a session that ends meanwhile is nowhere", async () => {
  const { world, b, id } = await overdue("ada");
  const { wait } = awaitingAt(b);
  const waiting = wait(id);
  world.store.drop(id);
  await world.run(1_000);
  expect(await waiting).toEqual({ kind: "placed", place: undefined });
});

test("a wait ends when its time is up, also while the store does not answer, and leaves nothing behind", async () => {
  const { world, b, id } = await overdue("ada");
  const { wait, awaited } = awaitingAt(b);
  const waiting = wait(id, 1_500);
  await world.run(250);
  b.store.on = false;
  await world.run(1_500);
  expect(await waiting).toEqual({ kind: "late" });
  expect(awaited.size).toBe(0);
});

test("a service that stops ends all waits", async () => {
  const { world, b, ids } = await overdue("ada", "bob");
  const { wait, awaited } = awaitingAt(b);
  const waiting = ids.map((id) => wait(id));
  await world.run(250);
  expect(awaited.size).toBe(2);
  await awaited.close();
  expect(await Promise.all(waiting)).toEqual([{ kind: "late" }, { kind: "late" }]);
  expect(awaited.size).toBe(0);
});

test("of two hellos for one session the later one gets it, because the socket of the earlier one may be dead", async () => {
  const { world, b, id } = await overdue("ada");
  const { wait, awaited } = awaitingAt(b);
  const earlier = wait(id);
  await world.run(250);
  const later = wait(id);
  await world.run(250);
  expect(await earlier).toEqual({ kind: "late" });
  expect(awaited.size).toBe(1);
  await world.run(LIMIT_MS);
  expect((await later).kind).not.toBe("late");
  expect(awaited.size).toBe(0);
});

test("when many waits end at the same time, everything else gets its turn between their answers", async () => {
  const { world, b, ids } = await overdue(...Array.from({ length: 60 }, (_, n) => `u${n}`));
  const { wait, awaited } = awaitingAt(b);
  const answeredIn: number[] = [];
  let turn = 0;
  for (const id of ids) void wait(id).then(() => answeredIn.push(turn));
  await world.run(250);
  const pollPhase = world.clock.pollPhase.bind(world.clock);
  world.clock.pollPhase = () => {
    turn += 1;
    return pollPhase();
  };
  for (const id of ids) world.store.drop(id);
  await world.run(5_000);
  expect(answeredIn).toHaveLength(60);
  const most = Math.max(...answeredIn.map((one) => answeredIn.filter((other) => other === one).length));
  expect(most).toBeLessThan(15);
  expect(awaited.size).toBe(0);
});
