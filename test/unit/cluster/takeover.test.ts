import { expect, test } from "vitest";
import type { ClusterEvents } from "../../../src/cluster/events.js";
import { Takeover } from "../../../src/cluster/takeover.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import { LEASE_MS, type NodeView, type SessionEntry } from "../../../src/ports/directory.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A node has died with so many sessions. What the other adopts waits until the test lets it. */
async function deadNode(sessions: number) {
  const clock = new ManualClock();
  const store = new MemoryStore(clock);
  const [one, other] = [new MemoryDirectory(store, "one"), new MemoryDirectory(store, "other")];
  await one.register("http://one");
  for (let n = 0; n < sessions; n++) await one.putSession(sessionEntry(`s${n}`, { roomId: undefined }));
  await clock.advance(LEASE_MS);
  await other.register("http://other");
  const renewed = await other.renew({ draining: false, sent: 0 });
  const dead = (renewed.kind === "renewed" ? renewed.nodes : []).filter(({ expired }) => expired);
  const adopted: string[] = [];
  const waiting: (() => void)[] = [];
  const events = new Emitter<ClusterEvents>((error) => {
    throw error;
  });
  const adopt = async (entries: readonly SessionEntry[]) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    adopted.push(...entries.map(({ sessionId }) => sessionId));
    return 0;
  };
  const takeover = new Takeover({ clock, directory: other, events, adopt });
  const taken = async () => (await other.own()).sessions.length;
  /** Lets the slice that waits be adopted, and all that follows from it happen. */
  const goOn = async () => {
    waiting.shift()?.();
    await clock.advance(0);
  };
  return { clock, takeover, dead: dead as readonly NodeView[], adopted, taken, goOn, events };
}

test("the store moves the next slice while a node adopts one, and no more than that", async () => {
  const { clock, takeover, dead, adopted, taken, goOn } = await deadNode(1_000);
  takeover.begin(dead);
  await clock.advance(0);
  expect(adopted).toEqual([]);
  const slice = (await taken()) / 2;
  await goOn();
  expect(adopted).toHaveLength(slice);
  expect(await taken()).toBe(3 * slice);
  for (let slices = 0; slices < 1_000 / slice; slices++) await goOn();
  expect(new Set(adopted).size).toBe(1_000);
  expect(adopted).toHaveLength(1_000);
  await takeover.close();
});

test("a node that stops adopts all that the store has moved to it", async () => {
  const { clock, takeover, dead, adopted, taken, goOn, events } = await deadNode(1_000);
  const told: number[] = [];
  events.on("taken_over", ({ sessions }) => told.push(sessions));
  takeover.begin(dead);
  await clock.advance(0);
  const closed = takeover.close();
  for (let slices = 0; slices < 10; slices++) await goOn();
  await closed;
  expect(adopted).toHaveLength(await taken());
  expect(adopted.length).toBeLessThan(1_000);
  expect(told).toEqual([adopted.length]);
});
