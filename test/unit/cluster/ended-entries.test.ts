import { expect, test } from "vitest";
import { ClusterWorld } from "../../support/cluster-world.js";

test("a store that goes back to older data does not bring back who has left: the node removes the entry, and adopts nobody", async () => {
  const world = new ClusterWorld(2);
  const [node] = await world.start();
  if (!node) throw new Error("two nodes were asked for");
  const { directory, events, reaper } = node.world;
  const { session } = await node.world.open("ada", "daily");
  const stays = await node.world.open("bob", "daily");
  const heard = [{ node, session: stays.session }];
  await world.run(250, () => heard);
  const [before] = await directory.findSessions([session.id]);
  if (!before) throw new Error("the directory has the session");
  await reaper.end(session, { reason: "left" });
  await world.run(1_000, () => heard);
  expect(await directory.findSession(session.id)).toBeUndefined();

  const adopted: string[] = [];
  events.on("adopted", (event) => adopted.push(event.session.userId));
  // A failover to a copy in which she is still there.
  await directory.putSession(before);
  expect(await directory.findSession(session.id)).toBeDefined();
  await world.run(30_000, () => heard);
  expect(adopted).toEqual([]);
  expect(await directory.findSession(session.id)).toBeUndefined();
  expect(node.members("daily")).toEqual(["bob"]);
});
