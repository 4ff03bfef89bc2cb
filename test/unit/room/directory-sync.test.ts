import { expect, test } from "vitest";
import { Emitter } from "../../../src/kernel/emitter.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import { DirectorySync } from "../../../src/room/directory-sync.js";
import { World } from "../../support/world.js";

test("the entries of a session and its room stay until its end is in the log of the backend's events", async () => {
  const world = new World();
  const store = new MemoryStore(world.clock);
  const directory = new MemoryDirectory(store, "node");
  await directory.register(undefined);
  let write = (): void => {};
  const written = new Promise<void>((resolve) => (write = resolve));
  const sync = new DirectorySync({
    directory,
    rooms: world.rooms,
    events: new Emitter((error) => expect.unreachable(String(error))),
    isSettled: () => true,
    told: () => written,
  });
  const { session } = await world.open("ada");
  await sync.claimRoom("daily");
  await sync.record(session);
  expect(store.sessions.size).toBe(1);
  await world.reaper.end(session, { reason: "left" });
  const removed = Promise.all([sync.record(session), sync.releaseIfEmpty("daily")]);
  await world.clock.advance(100);
  expect([store.sessions.size, store.rooms.size]).toEqual([1, 1]);
  write();
  await removed;
  expect([store.sessions.size, store.rooms.size]).toEqual([0, 0]);
});

test("whoever enters a room with people in it waits for nothing, unless something is written about that room", async () => {
  const world = new World();
  const directory = new MemoryDirectory(new MemoryStore(world.clock), "node");
  await directory.register(undefined);
  const sync = new DirectorySync({
    directory,
    rooms: world.rooms,
    events: new Emitter((error) => expect.unreachable(String(error))),
    isSettled: () => true,
    told: undefined,
  });
  const claimed = sync.claimRoom("daily");
  expect(claimed).toBeInstanceOf(Promise);
  await claimed;
  await world.open("ada", "daily");
  expect(sync.claimRoom("daily")).toBeUndefined();
  const reclaimed = sync.reclaimRoom("daily");
  const waiting = sync.claimRoom("daily");
  expect(waiting).toBeInstanceOf(Promise);
  await Promise.all([reclaimed, waiting]);
  expect(sync.claimRoom("daily")).toBeUndefined();
});
