/** The store gives sessions to another node, and its answer is lost. */
import { expect, test } from "vitest";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import type { Session } from "../../../src/session/session.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

/** A node with a session, and another one that has a room and does in the store only what the test does. */
async function nodeAndRoomAt(rivalRoom: string, ownRoom?: string) {
  const world = new ClusterWorld(1);
  const [node] = await world.start();
  if (!node) throw new Error("one node was asked for");
  const { session, connection } = await node.world.open("ada", ownRoom);
  await world.run(250);
  const rival = new MemoryDirectory(world.store, "rival");
  await rival.register("http://rival");
  const lease = world.store.latestLeases().find(({ nodeId }) => nodeId === "rival");
  if (!lease) throw new Error("the rival has a lease");
  world.store.placeRoom(rivalRoom, lease);
  const again = new Map<string, number>();
  node.world.events.on("held_again", (event) => again.set(event.session.id, event.session.epoch));
  const run = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await rival.renew({ draining: false, sent: 0 });
      await world.run(1_000, () => [{ node, session }]);
    }
  };
  return { node, rival, session, connection, again, run };
}

/** The next answer to a hand-over is lost. `then`: what happens at the other node before. */
function loseNextAnswer(node: ClusterNode, then: () => Promise<void> = async () => {}): void {
  node.store.handedOver = async () => {
    delete node.store.handedOver;
    await then();
    throw new Error("the answer was lost");
  };
}

/** The rival ends the session. Returns the epoch under which it tells the backend. */
async function end(rival: MemoryDirectory, { id }: Session): Promise<number> {
  const entry = await rival.findSession(id);
  if (entry?.nodeId !== "rival") throw new Error("the rival does not hold the session");
  // The claim for an end raises the epoch by one. The backend is told the end under the epoch before.
  await rival.removeSession(id, entry.epoch + 1);
  return entry.epoch;
}

async function expectHere({ world }: ClusterNode, { id, status, epoch }: Session): Promise<void> {
  expect(status).toBe("open");
  expect(await world.directory.findSession(id)).toMatchObject({ nodeId: "node-1", epoch });
}

const TO_THE_RIVAL = {
  type: "server_closing",
  data: { url: "http://rival", reconnectAfterMs: expect.any(Number) as number },
};

const moveToRoom = ({ world }: ClusterNode, session: Session): Promise<boolean> => {
  if (!session.connection) throw new Error("the session has a connection");
  return world.service.telephony.rooms.moveToRoom(session, session.connection, "call-of-two");
};

test("a session that follows the room of its call, and has ended there, goes on here under a later epoch", async () => {
  const { node, rival, session, again, run } = await nodeAndRoomAt("call-of-two");
  let ended = 0;
  loseNextAnswer(node, async () => void (ended = await end(rival, session)));
  await expect(moveToRoom(node, session)).rejects.toMatchObject({ code: "overloaded" });
  await run(3_000);
  expect(ended).toBeGreaterThan(1);
  expect(again.get(session.id)).toBeGreaterThan(ended);
  await expectHere(node, session);
});

test("a session that follows the room of its call, and is there, is given up here, and its client is told where it is", async () => {
  const { node, session, connection, again, run } = await nodeAndRoomAt("call-of-two");
  loseNextAnswer(node);
  await expect(moveToRoom(node, session)).rejects.toMatchObject({ code: "overloaded" });
  await run(3_000);
  expect(session.status).toBe("ended");
  expect([...again]).toEqual([]);
  expect(connection.frames).toContainEqual(TO_THE_RIVAL);
  expect(connection.closedAs).toBe("serviceRestart");
});

test("a session that an audit sends after its room, and that has ended there, goes on here under a later epoch", async () => {
  const { node, rival, session, again, run } = await nodeAndRoomAt("daily", "daily");
  let ended = 0;
  loseNextAnswer(node, async () => {
    ended = await end(rival, session);
    await rival.releaseRoom("daily");
  });
  await run(10_000);
  expect(ended).toBeGreaterThan(1);
  expect(again.get(session.id)).toBeGreaterThan(ended);
  await expectHere(node, session);
});

test("the client of a session that an audit sends after its room is told where the room is", async () => {
  const { session, connection, run } = await nodeAndRoomAt("daily", "daily");
  await run(10_000);
  expect(session.status).toBe("ended");
  expect(connection.frames).toContainEqual(TO_THE_RIVAL);
});
