import { expect, test } from "vitest";
import { Arrivals } from "../../../src/cluster/arrivals.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { ManualClock } from "../../support/manual-clock.js";
import { World } from "../../support/world.js";

test("a session that arrives under an earlier lease of this node is written under the present one", async () => {
  const clock = new ManualClock();
  const directory = new MemoryDirectory(new MemoryStore(clock), "node");
  const world = new World({ clock, directory: () => directory });
  await directory.register("wss://node");
  await directory.putSession(sessionEntry("before", { roomId: undefined }));
  const { epoch } = await directory.register("wss://node");
  await directory.putSession(sessionEntry("now", { roomId: undefined }));
  const written: [string, boolean][] = [];
  world.events.on("adopted", ({ session, isWritten }) => written.push([session.id, isWritten]));
  const arrivals = new Arrivals({
    clock,
    directory,
    local: {
      knows: () => false,
      adopt: (entries, from, unwritten) => world.service.adoption.adopt(entries, from, unwritten),
    },
  });
  arrivals.leaseBegan(epoch);
  await Promise.all([arrivals.announced(["before", "now"]), clock.advance(0)]);
  expect(written).toEqual([
    ["before", false],
    ["now", true],
  ]);
  expect(await directory.findSession("before")).toMatchObject({ leaseEpoch: epoch });
});
