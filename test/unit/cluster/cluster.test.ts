import { expect, test } from "vitest";
import type { Session } from "../../../src/session/session.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

async function three(): Promise<[ClusterWorld, ClusterNode, ClusterNode, ClusterNode]> {
  const world = new ClusterWorld(3);
  const [a, b, c] = await world.start();
  if (!a || !b || !c) throw new Error("three nodes were asked for");
  return [world, a, b, c];
}

const holdersOf = (nodes: readonly ClusterNode[], sessionId: string): ClusterNode[] =>
  nodes.filter((node) => !node.stopped && node.find(sessionId) !== undefined);

test("nodes know each other", async () => {
  const [, a, b] = await three();
  expect(a.cluster.nodes.map(({ nodeId }) => nodeId)).toEqual(["node-1", "node-2", "node-3"]);
  expect(b.cluster.others.map(({ url }) => url)).toEqual(["http://node-1", "http://node-3"]);
});

test("a new room goes to the node with the fewest sessions, an existing room keeps its home, and other nodes send clients there", async () => {
  const [world, a, b, c] = await three();
  for (const user of ["u1", "u2", "u3"]) await a.world.open(user);
  await c.world.open("u4");
  await world.run(250);
  await expect(a.world.open("ada", "daily")).rejects.toMatchObject({
    code: "redirect",
    data: { url: "http://node-2" },
  });
  await b.world.open("ada", "daily");
  await expect(c.world.open("bob", "daily")).rejects.toMatchObject({
    code: "redirect",
    data: { url: "http://node-2" },
  });
  await b.world.open("bob", "daily");
  expect(b.members("daily")).toEqual(["ada", "bob"]);
});

test("when a node dies, clients resume its sessions on another node within the grace; sessions that do not resume leave as node_lost", async () => {
  const [world, a, b, c] = await three();
  const ada = await a.world.open("ada", "daily");
  await a.world.open("bob", "daily");
  await world.run(250);
  world.stop(a);
  await world.run(15_000);

  const [survivor, ...more] = holdersOf([b, c], ada.session.id);
  expect(more).toEqual([]);
  expect(survivor?.members("daily")).toEqual(["ada", "bob"]);
  const connection = survivor?.resume(ada.session);
  expect(connection).toBeDefined();
  expect(survivor?.find(ada.session.id)?.epoch).toBeGreaterThan(ada.session.epoch);
  await world.run(25_000, () =>
    survivor ? [{ node: survivor, session: survivor.find(ada.session.id) as Session }] : [],
  );
  expect(survivor?.world.steps("bob")).toContain("left: node_lost");
  expect(connection?.frames).toContainEqual(
    expect.objectContaining({
      type: "user_left",
      data: expect.objectContaining({ userId: "bob", reason: "node_lost" }) as object,
    }),
  );
  expect(survivor?.members("daily")).toEqual(["ada"]);
  expect(await b.world.directory.counts()).toEqual({ rooms: 1, sessions: 1 });
  expect(b.cluster.nodes.map(({ nodeId }) => nodeId)).toEqual(["node-2", "node-3"]);
});

test("the survivors take over the sessions of a dead node, each session exactly once", async () => {
  const [world, a, b, c] = await three();
  const sessions: Session[] = [];
  for (let room = 0; room < 200; room++) {
    for (const user of ["x", "y"]) {
      const claimed = await a.world.directory.reclaimRoom(`room-${room}`);
      expect(claimed.kind).toBe("held");
      sessions.push(
        (await a.world.open(`${user}-${room}`, `room-${room}`).catch(() => a.world.open(`${user}-${room}`))).session,
      );
    }
  }
  await world.run(1_000);
  world.stop(a);
  await world.run(14_000);
  for (const { id } of sessions) expect(holdersOf([b, c], id)).toHaveLength(1);
  expect(b.world.registry.size + c.world.registry.size).toBe(sessions.length);
});

test("a node that was frozen gives up the sessions that another node took over, and goes on under a new lease", async () => {
  const [world, a, b, c] = await three();
  const ada = await a.world.open("ada", "daily");
  const before = a.cluster.nodes.find(({ nodeId }) => nodeId === "node-1")?.epoch ?? 0;
  await world.run(250);
  world.stop(a);
  await world.run(15_000);
  const [survivor] = holdersOf([b, c], ada.session.id);
  expect(survivor?.resume(ada.session)).toBeDefined();
  await world.wake(a);
  await world.run(2_500);
  expect(a.find(ada.session.id)).toBeUndefined();
  expect(a.world.steps("ada")).toContain("given up: fenced");
  expect(ada.connection.closedAs).toBe("serviceRestart");
  expect(survivor?.find(ada.session.id)?.status).toBe("open");
  expect(await b.world.directory.findSession(ada.session.id)).toMatchObject({
    nodeId: survivor?.world.directory.nodeId,
  });
  const after = b.cluster.nodes.find(({ nodeId }) => nodeId === "node-1");
  expect(after?.epoch).toBeGreaterThan(before);
});

test("when a node that cannot reach the store has lost its sessions, it tells their clients to reconnect, and they see nobody leave", async () => {
  const [world, a, b, c] = await three();
  const people = [await a.world.open("ada", "daily"), await a.world.open("bob", "daily")];
  await world.run(250);
  const alive = () => people.map(({ session }) => ({ node: a, session }));
  a.store.on = false;
  await world.run(14_000, alive);
  const [survivor] = holdersOf([b, c], people[0]?.session.id ?? "");
  for (const { session, connection } of people) {
    expect(session.status).toBe("open");
    expect(connection.closedAs).toBeUndefined();
  }
  a.store.on = true;
  await world.run(2_500, alive);
  for (const { session, connection } of people) {
    expect(connection.closedAs).toBe("serviceRestart");
    expect(connection.types()).not.toContain("user_left");
    expect(a.find(session.id)).toBeUndefined();
    expect(survivor?.resume(session)).toBeDefined();
  }
  expect(survivor?.members("daily")).toEqual(["ada", "bob"]);
});

test("a node keeps its sessions when its lease ran out and no other node claimed it", async () => {
  const world = new ClusterWorld(1);
  const [a] = await world.start();
  if (!a) throw new Error("one node was asked for");
  const ada = await a.world.open("ada", "daily");
  world.stop(a);
  await world.run(60_000);
  await world.wake(a);
  await world.run(5_000, () => [{ node: a, session: ada.session }]);
  expect(ada.session.status).toBe("open");
  expect(ada.connection.closedAs).toBeUndefined();
  expect(await a.world.directory.counts()).toEqual({ rooms: 1, sessions: 1 });
});

test("ten minutes without the store: no session is lost, no node takes over sessions, and the rooms on each node go on", async () => {
  const [world, a, b, c] = await three();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  const alive = () => [{ node: a, session: ada.session }];
  for (const { store } of world.nodes) store.on = false;
  await world.run(600_000, alive);
  expect(ada.session.status).toBe("open");
  expect(a.cluster.isUp).toBe(false);
  await a.world.open("bob", "daily");
  await expect(b.world.open("eve", "new")).rejects.toMatchObject({ code: "overloaded", retryable: true });

  for (const { store } of world.nodes) store.on = true;
  await world.run(30_000, () => [...a.world.registry.all()].map((session) => ({ node: a, session })));
  expect(a.cluster.isUp).toBe(true);
  expect(a.members("daily")).toEqual(["ada", "bob"]);
  expect(b.world.registry.size + c.world.registry.size).toBe(1);
  expect(await b.world.directory.findSession(ada.session.id)).toMatchObject({ nodeId: "node-1", roomId: "daily" });
});

test("the nodes fill a store that comes back empty, and no client notices", async () => {
  const [world, a, b] = await three();
  const ada = await a.world.open("ada", "daily");
  await world.run(250);
  world.store.leases.clear();
  world.store.rooms.clear();
  world.store.sessions.clear();
  for (const lease of world.store.leases) lease.claimed = true;
  for (const node of world.nodes) await node.world.directory.register(`http://${node.world.directory.nodeId}`);
  await world.run(10_000, () => [{ node: a, session: ada.session }]);
  expect(ada.connection.closedAs).toBeUndefined();
  expect(await b.world.directory.counts()).toEqual({ rooms: 1, sessions: 1 });
  await expect(b.world.open("bob", "daily")).rejects.toMatchObject({
    code: "redirect",
    data: { url: "http://node-1" },
  });
});

test("a draining node hands over each room with everybody in it, and takes no new room", async () => {
  const [world, a, b, c] = await three();
  const ada = await a.world.open("ada", "daily");
  const bob = await a.world.open("bob", "daily");
  const eve = await a.world.open("eve");
  await world.run(250);
  const drained = a.cluster.drain(4_000);
  await world.run(6_000);
  await drained;
  for (const { connection } of [ada, bob, eve]) {
    const told = connection.frames.find(({ type }) => type === "server_closing");
    expect(told?.data).toMatchObject({ url: expect.stringMatching(/^http:\/\/node-[23]$/) as string });
    expect(connection.types()).not.toContain("user_left");
    expect(connection.closedAs).toBe("serviceRestart");
  }
  expect(a.world.registry.size).toBe(0);
  const [survivor] = holdersOf([b, c], ada.session.id);
  expect(survivor?.members("daily")).toEqual(["ada", "bob"]);
  expect(survivor?.resume(ada.session)).toBeDefined();
  expect(holdersOf([b, c], eve.session.id)).toHaveLength(1);
  await expect(a.world.open("late", "new")).rejects.toMatchObject({ code: "redirect" });
});

test("a session that leaves while the store is away is no stuck cleanup, and does not return when the store does", async () => {
  const [world, a, b] = await three();
  const ada = await a.world.open("ada", "daily");
  const bob = await a.world.open("bob", "daily");
  await world.run(250);
  for (const { store } of world.nodes) store.on = false;
  await a.world.reaper.end(ada.session, { reason: "left" });
  await world.run(30_000, () => [{ node: a, session: bob.session }]);
  expect(a.world.reaper.stuck).toEqual([]);
  expect(world.store.sessions.has(ada.session.id)).toBe(true);
  for (const { store } of world.nodes) store.on = true;
  await world.run(10_000, () => [{ node: a, session: bob.session }]);
  expect(await b.world.directory.findSession(ada.session.id)).toBeUndefined();
  expect(a.members("daily")).toEqual(["bob"]);
  expect(a.world.steps("ada")).not.toContain("adopted: node-1");
});

test("a session that an audit has adopted during a takeover is not adopted again, and not when it has ended since", async () => {
  const world = new ClusterWorld(2);
  const [a, b] = await world.start();
  if (!a || !b) throw new Error("two nodes were asked for");
  const opened = await Promise.all(Array.from({ length: 600 }, (_, n) => a.world.open(`u${n}`)));
  await world.run(250);
  world.stop(a);

  let slices = 0;
  // The answer with the second slice is late. Meanwhile an audit finds those sessions.
  b.store.takingOver = async () => {
    slices += 1;
    if (slices !== 2) return;
    world.hub.buses.get("node-1")?.send({ nodeId: "node-2" }, { type: "handed_over" });
    await new Promise<void>((resolve) => world.clock.after(1_000, resolve));
  };
  const byAudit: string[] = [];
  const adopted: string[] = [];
  const ends: Promise<unknown>[] = [];
  b.world.events.on("adopted", ({ session, fromNodeId }) => {
    adopted.push(session.id);
    if (fromNodeId !== "node-2") return;
    byAudit.push(session.id);
    ends.push(b.world.reaper.end(session, { reason: "left" }));
  });
  await world.run(15_000);
  await Promise.all(ends);
  expect(byAudit.length).toBeGreaterThan(0);
  expect(adopted.toSorted()).toEqual(opened.map(({ session }) => session.id).toSorted());
  expect(byAudit.filter((id) => b.find(id))).toEqual([]);
});
