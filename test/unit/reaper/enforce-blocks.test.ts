import { expect, test } from "vitest";
import { NoMedia } from "../../../src/media/no-media.js";
import { World } from "../../support/world.js";

const BY = { name: "ADMIN_TOKEN" };

/** A session that comes from a node which did not know of the block. */
function adopt(world: World, roomId?: string) {
  const entry = {
    sessionId: "s-ada",
    userId: "ada",
    name: "Ada",
    tabId: "tab",
    openedAt: 0,
    epoch: 2,
    tokenHash: "",
    joinedAt: undefined,
    metadata: {},
    roomId,
  };
  const session = world.sessions.adopt(entry);
  if (!session) throw new Error("not adopted");
  return session;
}

test("a session of a blocked user ends when it comes from another node", async () => {
  const world = new World();
  await world.service.blocks.block({ userId: "ada" }, 60_000, BY);
  const session = adopt(world);
  world.events.emit("adopted", { session, fromNodeId: "other", isWritten: true });
  expect(session.status).not.toBe("open");
  await world.clock.advance(0);
  expect(world.registry.ofUser("ada")).toEqual([]);
  expect(world.errors).toEqual([]);
  await world.close();
});

test("a session that comes from another node leaves the room that its user is blocked from, and goes on", async () => {
  const media = new NoMedia();
  const world = new World({ media });
  await world.service.blocks.block({ userId: "ada", roomId: "daily" }, 60_000, BY);
  const session = adopt(world, "daily");
  world.rooms.enter("daily", session, await media.join());
  world.events.emit("adopted", { session, fromNodeId: "other", isWritten: true });
  expect(session.status).toBe("open");
  expect(session.participation).toBeUndefined();
  expect(world.rooms.find("daily")).toBeUndefined();
  await world.close();
});

test("a block of another user or another room changes nothing", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  await world.service.blocks.block({ userId: "bob" }, 60_000, BY);
  await world.service.blocks.block({ userId: "ada", roomId: "weekly" }, 60_000, BY);
  expect(session.participation?.roster.id).toBe("daily");
  await world.close();
});
