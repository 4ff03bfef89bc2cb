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
  const told: ClusterEvents["taken_over"][] = [];
  events.on("taken_over", (outcome) => told.push(outcome));
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
  const adoptAll = async () => {
    while (waiting.length > 0) await goOn();
  };
  return { clock, takeover, dead: dead as readonly NodeView[], directory: other, adopted, taken, goOn, adoptAll, told };
}

test("the store moves some slices while a node adopts one, and no more than that", async () => {
  const { clock, takeover, dead, adopted, taken, goOn, adoptAll } = await deadNode(3_000);
  takeover.begin(dead, 1);
  await clock.advance(0);
  expect(adopted).toEqual([]);
  const ahead = await taken();
  await goOn();
  const slice = adopted.length;
  expect(ahead).toBeGreaterThan(2 * slice);
  expect(ahead).toBeLessThan(3_000 / 2);
  expect(await taken()).toBe(ahead + slice);
  await adoptAll();
  expect(new Set(adopted).size).toBe(3_000);
  expect(adopted).toHaveLength(3_000);
  await takeover.close();
});

test("a node that stops adopts all that the store has moved to it", async () => {
  const { clock, takeover, dead, adopted, taken, adoptAll, told } = await deadNode(3_000);
  takeover.begin(dead, 1);
  await clock.advance(0);
  const closed = takeover.close();
  await adoptAll();
  await closed;
  expect(adopted).toHaveLength(await taken());
  expect(adopted.length).toBeLessThan(3_000);
  expect(told).toMatchObject([{ result: "completed", sessions: adopted.length }]);
});

test("a node takes its share at once, and what the others leave some seconds later", async () => {
  const { clock, takeover, dead, adopted, adoptAll, told } = await deadNode(3_000);
  takeover.begin(dead, 3);
  await clock.advance(0);
  await adoptAll();
  expect(adopted).toHaveLength(1_000);
  await clock.advance(1_000);
  await adoptAll();
  expect(adopted).toHaveLength(1_000);
  expect(told).toEqual([]);
  await clock.advance(3_000);
  await adoptAll();
  expect(adopted).toHaveLength(3_000);
  expect(told).toMatchObject([{ result: "completed", sessions: 3_000 }]);
});

test("a node that stops does not wait for the others", async () => {
  const { clock, takeover, dead, adopted, adoptAll, told } = await deadNode(1_000);
  takeover.begin(dead, 2);
  await clock.advance(0);
  await adoptAll();
  await takeover.close();
  expect(adopted.length).toBeLessThan(1_000);
  expect(told).toMatchObject([{ result: "completed", sessions: adopted.length }]);
  expect(clock.pendingTimers).toBe(0);
});

test("when one slice fails, those that the store has moved are adopted all the same, and no more are asked for", async () => {
  const { clock, takeover, dead, directory, adopted, taken, adoptAll, told } = await deadNode(3_000);
  const takeOver = directory.takeOver.bind(directory);
  let asked = 0;
  directory.takeOver = (...args) => (++asked === 2 ? Promise.reject(new Error("away")) : takeOver(...args));
  takeover.begin(dead, 1);
  await clock.advance(0);
  await adoptAll();
  expect(adopted).toHaveLength(await taken());
  expect(adopted.length).toBeLessThan(3_000);
  expect(told).toMatchObject([{ result: "failed", error: new Error("away"), sessions: adopted.length }]);
});

test("everything else gets its turn when adopting has taken some time", async () => {
  const { clock, takeover, dead, adopted, adoptAll, goOn } = await deadNode(3_000);
  let phase: (() => void) | undefined;
  clock.pollPhase = () => new Promise((resolve) => (phase = resolve));
  takeover.begin(dead, 1);
  await clock.advance(0);
  await goOn();
  await goOn();
  const before = adopted.length;
  expect(phase).toBeUndefined();
  clock.stall(100);
  await adoptAll();
  const slice = before / 2;
  expect(adopted).toHaveLength(before + slice);
  expect(phase).toBeDefined();
  phase?.();
  await clock.advance(0);
  await adoptAll();
  expect(adopted).toHaveLength(3_000);
  await takeover.close();
});
