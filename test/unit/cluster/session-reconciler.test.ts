import { expect, test } from "vitest";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import type { PlacedSession } from "../../../src/ports/directory.js";
import type { Session } from "../../../src/session/session.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

/** One node of the service, and another one that the test moves by hand: what it does in the store, and nothing else. */
async function nodeAndRival(): Promise<{ world: ClusterWorld; node: ClusterNode; rival: MemoryDirectory }> {
  const world = new ClusterWorld(1);
  const [node] = await world.start();
  if (!node) throw new Error("one node was asked for");
  const rival = new MemoryDirectory(world.store, "rival");
  await rival.register("http://rival");
  return { world, node, rival };
}

/** The lease under which the node has the session. */
async function leaseOf(node: ClusterNode, session: Session): Promise<number> {
  const place = await entryOf(node, session);
  if (place?.nodeId !== "node-1") throw new Error("the session has moved");
  return place.leaseEpoch;
}

/** The node is away until its lease has run out; then the rival claims the lease, and takes nothing yet. */
async function claim(world: ClusterWorld, node: ClusterNode, rival: MemoryDirectory, epoch: number): Promise<void> {
  node.store.on = false;
  await world.run(7_000);
  await rival.renew({ draining: false, sent: 0 });
  expect(await rival.takeOver({ nodeId: "node-1", epoch }, 0)).toMatchObject({ kind: "taken", more: true });
}

/** A node with a session in a room, whose lease the rival has claimed. `before`: that lease. */
async function claimedNode() {
  const { world, node, rival } = await nodeAndRival();
  const { session } = await node.world.open("ada", "daily");
  await world.run(250);
  const before = await leaseOf(node, session);
  await claim(world, node, rival, before);
  return { world, node, rival, session, before };
}

/** The node answers again, and is away once more as soon as it has its new lease. */
async function beginLease(world: ClusterWorld, node: ClusterNode): Promise<number> {
  let begun = 0;
  const unfollow = node.world.service.clusterEvents.on("registered", ({ epoch }) => {
    begun = epoch;
    node.store.on = false;
  });
  node.store.on = true;
  await world.run(1_000);
  unfollow();
  expect(begun).toBeGreaterThan(0);
  return begun;
}

/** The rival takes what is left under the lease, and ends all of it. Returns the epochs that the backend has from it. */
async function takeAndEnd(rival: MemoryDirectory, epoch: number): Promise<Map<string, number>> {
  await rival.renew({ draining: false, sent: 0 });
  const taken = await rival.takeOver({ nodeId: "node-1", epoch }, 1_000);
  if (taken.kind !== "taken") throw new Error("nothing was taken");
  const told = new Map<string, number>();
  for (const { sessionId, epoch: underEpoch, roomId } of taken.sessions) {
    told.set(sessionId, underEpoch + 1);
    await rival.removeSession(sessionId, underEpoch + 1);
    if (roomId !== undefined) await rival.releaseRoom(roomId);
  }
  return told;
}

const heldAgain = (node: ClusterNode): Map<string, number> => {
  const told = new Map<string, number>();
  node.world.events.on("held_again", ({ session }) => told.set(session.id, session.epoch));
  return told;
};

const entryOf = (node: ClusterNode, session: Session): Promise<PlacedSession | undefined> =>
  node.world.directory.findSession(session.id);

test("a session that another node took over and ended after this node's lease began goes on under an epoch that is greater than the end's", async () => {
  const { world, node, rival, session, before } = await claimedNode();
  const begun = await beginLease(world, node);
  await world.run(1_000);
  const told = await takeAndEnd(rival, before);
  const end = told.get(session.id) ?? 0;
  expect(end).toBeGreaterThan(begun);

  const again = heldAgain(node);
  await world.run(1_000);
  node.store.on = true;
  await world.run(2_500);
  expect(session.status).toBe("open");
  expect(again.get(session.id)).toBeGreaterThan(end);
  expect(session.participation?.roster.epoch).toBeGreaterThan(end);
  expect(await entryOf(node, session)).toMatchObject({ nodeId: "node-1", epoch: session.epoch, roomId: "daily" });
});

test("so does one that its client has resumed here in between, so that its entry is here again", async () => {
  const { world, node, rival, session, before } = await claimedNode();
  await beginLease(world, node);
  await world.run(1_000);
  const end = (await takeAndEnd(rival, before)).get(session.id) ?? 0;

  const again = heldAgain(node);
  await world.run(1_000);
  // Before the audit has looked.
  node.store.on = true;
  expect(node.resume(session)).toBeDefined();
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  expect(await entryOf(node, session)).toMatchObject({ nodeId: "node-1" });
  await world.run(2_500);
  expect(again.get(session.id)).toBeGreaterThan(end);
  expect(await entryOf(node, session)).toMatchObject({ nodeId: "node-1", epoch: session.epoch });
});

test("so does one that was still here when the node looked, and was taken over before the node had written it", async () => {
  const { world, node, rival, session, before } = await claimedNode();
  await beginLease(world, node);
  const { directory } = node.world;
  const reclaim = directory.reclaimRoom.bind(directory);
  // The node has looked when it reclaims its rooms, and loses the store.
  Object.defineProperty(directory, "reclaimRoom", {
    configurable: true,
    value: (roomId: string) => {
      node.store.on = false;
      return reclaim(roomId);
    },
  });
  node.store.on = true;
  await world.run(2_500);
  Object.defineProperty(directory, "reclaimRoom", { value: reclaim, configurable: true });
  expect(node.store.on).toBe(false);
  const end = (await takeAndEnd(rival, before)).get(session.id) ?? 0;
  expect(end).toBeGreaterThan(0);

  const again = heldAgain(node);
  node.store.on = true;
  await world.run(2_500);
  expect(again.get(session.id)).toBeGreaterThan(end);
  expect(await entryOf(node, session)).toMatchObject({ nodeId: "node-1", epoch: session.epoch });
});

test("a session that nobody has taken goes on under its epoch, and the backend hears nothing", async () => {
  const { world, node, session, before } = await claimedNode();
  const again = heldAgain(node);
  node.store.on = true;
  await world.run(2_500);
  expect([...again]).toEqual([]);
  expect(session.epoch).toBe(1);
  expect(await entryOf(node, session)).toMatchObject({ nodeId: "node-1", epoch: 1 });
  expect(await leaseOf(node, session)).toBeGreaterThan(before);
});

test("a session that another node has taken over and given back is adopted as that node left it", async () => {
  const { world, node, rival, session, before } = await claimedNode();
  await beginLease(world, node);
  await rival.renew({ draining: false, sent: 0 });
  await rival.takeOver({ nodeId: "node-1", epoch: before }, 1_000);
  const [taken] = await rival.findSessions([session.id]);
  if (!taken) throw new Error("nothing was taken");
  await rival.putSession({ ...taken, tokenHash: "of the token that the client got there" });
  await rival.handOver([{ roomId: "daily" }], "node-1");
  const given = (await rival.findSession(session.id))?.epoch;

  const again = heldAgain(node);
  node.store.on = true;
  await world.run(10_000);
  expect([...again]).toEqual([]);
  expect(session.status).toBe("ended");
  expect(node.find(session.id)).toMatchObject({
    epoch: given,
    resumeToken: { hash: "of the token that the client got there" },
  });
});

test("a session that was given to another node, whose answer was lost, and that has ended there goes on here under a later epoch", async () => {
  const { world, node, rival } = await nodeAndRival();
  const { session } = await node.world.open("ada", "daily");
  await world.run(2_500);
  let end = 0;
  node.store.handingOver = async (what) => {
    node.store.handingOver = () => Promise.reject(new Error("not done"));
    const given = await MemoryDirectory.prototype.handOver.call(node.world.directory, what, "rival");
    if (given.kind !== "handed") throw new Error("nothing was given");
    for (const entry of await rival.findSessions(given.sessionIds)) {
      // The claim for an end raises the epoch by one. The backend is told the end under the epoch before.
      end = entry.epoch;
      await rival.removeSession(entry.sessionId, end + 1);
    }
    await rival.releaseRoom("daily");
    throw new Error("the answer was lost");
  };
  const again = heldAgain(node);
  const heard = () => [{ node, session }];
  await rival.renew({ draining: false, sent: 0 });
  const drained = node.cluster.drain(1_000);
  await world.run(1_500, heard);
  await drained;
  expect(end).toBeGreaterThan(0);
  await world.run(10_000, heard);
  expect(session.status).toBe("open");
  expect(again.get(session.id)).toBeGreaterThan(end);
  expect(await entryOf(node, session)).toMatchObject({ nodeId: "node-1", epoch: session.epoch });
});

test("a node that looks for a thousand sessions asks the store for pages of them, one after the other", async () => {
  const world = new ClusterWorld(1);
  const [node] = await world.start();
  if (!node) throw new Error("one node was asked for");
  const sessions: Session[] = [];
  for (let n = 0; n < 1_000; n++) sessions.push((await node.world.open(`user-${n}`)).session);
  await world.run(250);
  const { directory } = node.world;
  const asked = { newEpoch: 0, pages: [] as number[], atOnce: 0, mostAtOnce: 0 };
  const find = directory.findSessions.bind(directory);
  const next = directory.newEpoch.bind(directory);
  Object.defineProperties(directory, {
    findSessions: {
      value: async (ids: readonly string[]) => {
        asked.pages.push(ids.length);
        asked.atOnce += 1;
        asked.mostAtOnce = Math.max(asked.mostAtOnce, asked.atOnce);
        const found = await find(ids);
        asked.atOnce -= 1;
        return found;
      },
    },
    newEpoch: {
      value: () => {
        asked.newEpoch += 1;
        return next();
      },
    },
  });
  // The store has lost everything.
  for (const { id } of sessions) world.store.drop(id);
  world.store.leases.clear();
  await world.run(5_000);
  expect(await directory.counts()).toMatchObject({ sessions: 1_000 });
  expect(asked).toMatchObject({ newEpoch: 5, pages: [200, 200, 200, 200, 200], mostAtOnce: 1 });
});
