import { expect, test } from "vitest";
import { translate } from "../../../src/webhook/translate.js";
import { BackendTable } from "../../support/backend-table.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

/** The tables of a backend that gets the events of all nodes. */
function backendOf({ nodes, clock }: ClusterWorld): { table: BackendTable; told: string[] } {
  const table = new BackendTable();
  const told: string[] = [];
  for (const [index, { world }] of nodes.entries()) {
    const nodeId = `node-${index + 1}`;
    let sequence = 0;
    translate(world.events, { nodeId, isOpen: (roomId) => world.rooms.find(roomId) !== undefined }, (step) => {
      sequence += 1;
      told.push(`${nodeId} ${step.type}`);
      table.take({ ...step, at: clock.wall(), nodeId, sequence });
    });
  }
  return { table, told };
}

/** The node has no media for anybody until the answer is called. */
function loseMedia({ media }: ClusterNode): () => void {
  const join = media.join.bind(media);
  media.join = () => Promise.reject(new Error("no worker"));
  return () => {
    media.join = join;
  };
}

async function roomOfDeadNode() {
  const world = new ClusterWorld(2);
  const [dying, heir] = await world.start();
  if (!dying || !heir) throw new Error("two nodes were asked for");
  const backend = backendOf(world);
  const ada = await dying.world.open("ada", "daily");
  const bob = await dying.world.open("bob", "daily");
  await world.run(250);
  expect(backend.table.differences(new Map([ada, bob].map(({ session }) => [session.id, "daily"])))).toEqual([]);
  return { world, dying, heir, ada: ada.session, bob: bob.session, ...backend };
}

test("when a node takes a room over and has no media for it, the backend hears that its people are in no room, and that it is closed", async () => {
  const { world, dying, heir, ada, table, told } = await roomOfDeadNode();
  loseMedia(heir);
  world.stop(dying);
  await world.run(15_000);
  expect(table.differences(new Map())).toEqual([]);
  expect(told.filter((step) => step === "node-2 room_closed")).toHaveLength(1);
  expect(await heir.world.directory.findSession(ada.id)).toMatchObject({ nodeId: "node-2", roomId: undefined });
  expect(await heir.world.directory.findRoom("daily")).toBeUndefined();
  // Nobody comes back.
  await world.run(60_000);
  expect(told.filter((step) => step === "node-2 session_ended")).toHaveLength(2);
  expect(await heir.world.directory.counts()).toEqual({ rooms: 0, sessions: 0 });
});

test("a client whose session was taken over without its room comes back to its session, and can join again", async () => {
  const { world, dying, heir, ada, bob, table } = await roomOfDeadNode();
  const mend = loseMedia(heir);
  world.stop(dying);
  await world.run(15_000);
  const connection = heir.resume(ada);
  const session = heir.find(ada.id);
  if (!connection || !session) throw new Error("the session was not resumed");
  expect(session.participation).toBeUndefined();
  mend();
  const request = { session, connection, roomId: "daily", metadata: undefined, onDuplicate: undefined };
  await heir.world.admission.admit(request, () => {});
  await world.run(60_000, () => [{ node: heir, session }]);
  expect(heir.members("daily")).toEqual(["ada"]);
  expect(heir.find(bob.id)).toBeUndefined();
  expect(table.differences(new Map([[ada.id, "daily"]]))).toEqual([]);
});
