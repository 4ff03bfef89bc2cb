import { beforeEach, describe, expect, test } from "vitest";
import type { NewBackendEvent } from "@lastseen/protocol";
import type { Directory } from "../../src/ports/directory.js";
import type { EventLog } from "../../src/ports/event-log.js";
import type { SharedStore } from "./directory-contract.js";

/** A store with the log of all its nodes. It is empty at first. */
export interface SharedEvents extends SharedStore {
  /** The access of one process of the node. */
  log(nodeId: string): EventLog;
  /** Another node takes over the runs of a node without a lease that has appended nothing for this time, milliseconds. */
  readonly quietMs: number;
}

/** @param from the sequence before the first event */
const events = (count: number, nodeId = "a", from = 0): NewBackendEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    type: "joined",
    at: 1_700_000_000_000 + n,
    nodeId,
    sequence: from + n + 1,
    roomId: "daily",
    userId: `user-${n}`,
    sessionId: `s-${n}`,
    epoch: 1,
    name: 'Ä "quoted" 👋',
  }));

const inOrder = (ids: readonly string[]) =>
  ids.toSorted((a, b) => {
    const [time = 0, number = 0] = a.split("-").map(Number);
    const [otherTime = 0, otherNumber = 0] = b.split("-").map(Number);
    return time - otherTime || number - otherNumber;
  });

/**
 * What every log behind the {@link EventLog} port must do.
 *
 * @param create makes an empty log that keeps about this number of events
 */
export function eventLogContract(name: string, create: (kept: number) => SharedEvents | Promise<SharedEvents>): void {
  describe(`the events in ${name}`, () => {
    test("get ids that are greater than all ids before, and are read as they were written", async () => {
      const shared = await create(1_000);
      const first = await shared.log("a").append(events(5));
      const second = await shared.log("b").append(events(3, "b"));
      const ids = [...first, ...second].map(({ id }) => id);
      expect(ids).toEqual(inOrder([...new Set(ids)]));
      for (const id of ids) expect(id).toMatch(/^\d{1,15}-\d{1,15}$/);
      const page = await shared.log("c").read(undefined, 100);
      expect(page).toEqual({ events: [...first, ...second], gap: false, next: ids.at(-1) });
    });

    test("can be read from any id on, and no event follows the last one", async () => {
      const log = (await create(1_000)).log("a");
      const all = await log.append(events(10));
      expect(await log.read(all[3]?.id, 3)).toEqual({ events: all.slice(4, 7), gap: false, next: all[6]?.id });
      expect(await log.read(all[9]?.id, 3)).toEqual({ events: [], gap: false, next: undefined });
    });

    test("are read in pages from the oldest one on when no id is given; the last page has an id to read on from", async () => {
      const log = (await create(1_000)).log("a");
      const all = await log.append(events(5));
      expect(await log.read(undefined, 3)).toEqual({ events: all.slice(0, 3), gap: false, next: all[2]?.id });
      expect(await log.read(all[2]?.id, 3)).toEqual({ events: all.slice(3), gap: false, next: all[4]?.id });
      const later = await log.append(events(1, "a", 5));
      expect(await log.read(all[4]?.id, 3)).toEqual({ events: later, gap: false, next: later[0]?.id });
    });

    test("are an empty list in an empty log", async () => {
      const log = (await create(1_000)).log("a");
      expect(await log.append([])).toEqual([]);
      expect(await log.read(undefined, 10)).toEqual({ events: [], gap: false, next: undefined });
      expect(await log.read("1-1", 10)).toEqual({ events: [], gap: true, next: undefined });
    });

    test("are read from the first event that follows an id that the log does not have", async () => {
      const log = (await create(1_000)).log("a");
      const all = await log.append(events(3));
      expect(await log.read("1-1", 10)).toEqual({ events: all, gap: true, next: all[2]?.id });
      expect(await log.read("999999999999999-1", 10)).toEqual({ events: [], gap: true, next: undefined });
    });

    test("are dropped, the oldest first; a reader that reads on from a dropped event gets a gap", async () => {
      const log = (await create(100)).log("a");
      const [oldest] = await log.append(events(1));
      const later = [];
      for (let n = 0; n < 10; n += 1) later.push(...(await log.append(events(100, "a", 100 * n + 1))));
      const page = await log.read(oldest?.id, 1_000);
      expect(page.gap).toBe(true);
      expect(page.events.length).toBeGreaterThanOrEqual(100);
      expect(page.events.length).toBeLessThan(500);
      expect(page.events.at(-1)).toEqual(later.at(-1));
      const [next] = page.events;
      expect(await log.read(next?.id, 1)).toMatchObject({ gap: false, events: [page.events[1]] });
    });

    test("are not appended twice when the answer was lost and the process sends the batch again", async () => {
      const log = (await create(1_000)).log("a");
      await log.append(events(2));
      const once = await log.append(events(3, "a", 2));
      expect(await log.append(events(3, "a", 2))).toEqual(once);
      expect((await log.read(undefined, 100)).events).toHaveLength(5);
      await log.acknowledge(once.slice(0, 2).map(({ id }) => id));
      expect(await log.append(events(3, "a", 2))).toEqual(once);
      expect(await log.append(events(1, "a", 5))).toHaveLength(1);
    });
  });

  describe(`the undelivered events of a node in ${name}`, () => {
    let shared: SharedEvents;
    beforeEach(async () => {
      shared = await create(1_000);
    });
    const nothing = { events: [], forgotten: [], taken: [] };

    async function lease(nodeId: string): Promise<Directory> {
      const directory = shared.directory(nodeId);
      await directory.register(undefined);
      return directory;
    }

    /** Lets time pass until the node's lease has run out. Only the `alive` nodes renew their leases. */
    async function runOut(nodeId: string, ...alive: readonly Directory[]): Promise<void> {
      for (let step = 0; step < 200; step += 1) {
        const [renewed] = await Promise.all(alive.map((each) => each.renew({ draining: false, sent: 0 })));
        if (renewed?.kind !== "renewed") throw new Error("the lease was lost");
        const own = renewed.nodes.filter((node) => node.nodeId === nodeId);
        if (own.every(({ expired }) => expired)) return;
        await shared.pass(50);
      }
      throw new Error(`the lease of ${nodeId} did not run out`);
    }

    test("go to one survivor only, oldest first, without the delivered events", async () => {
      const [, b, c] = [await lease("a"), await lease("b"), await lease("c")];
      const [one, two, three] = [shared.log("a"), shared.log("b"), shared.log("c")];
      const first = await one.append(events(30));
      const own = await two.append(events(2, "b"));
      const more = await one.append(events(90, "a", 30));
      await one.acknowledge(first.slice(0, 10).map(({ id }) => id));
      await runOut("a", b, c);
      const left = [...first.slice(10), ...more];
      expect(await two.takeOver(["a"])).toEqual({ events: left, forgotten: [], taken: [] });
      expect(await three.takeOver(["a"])).toEqual(nothing);
      expect(await two.takeOver(["a"])).toEqual(nothing);
      await two.acknowledge([...own, ...left].map(({ id }) => id));
      await runOut("b", c);
      expect(await three.takeOver(["b"])).toEqual(nothing);
    });

    test("are read in pages and in the order of the log, also when their ids have different lengths", async () => {
      const [, b] = [await lease("a"), await lease("b")];
      const log = shared.log("a");
      const all = [];
      for (let n = 0; n < 7; n += 1) all.push(...(await log.append(events(100, "a", 100 * n))));
      await runOut("a", b);
      const { events: left } = await shared.log("b").takeOver(["a"]);
      expect(left).toHaveLength(700);
      expect(left).toEqual(all);
    });

    test("stay with a node that holds a valid lease, or that no other node considers dead", async () => {
      const [a, b] = [await lease("a"), await lease("b")];
      const log = shared.log("a");
      const left = await log.append(events(2));
      await shared.pass(shared.quietMs);
      await Promise.all([a, b].map((each) => each.renew({ draining: false, sent: 0 })));
      expect(await shared.log("b").takeOver(["a"])).toEqual(nothing);
      await runOut("a", b);
      expect(await shared.log("b").takeOver([])).toEqual(nothing);
      expect(await shared.log("b").takeOver(["c"])).toEqual(nothing);
      await a.renew({ draining: false, sent: 0 });
      expect(await shared.log("b").takeOver(["a"])).toEqual(nothing);
      await runOut("a", b);
      expect(await shared.log("b").takeOver(["a"])).toMatchObject({ events: left });
    });

    test("do not go to a node without a lease", async () => {
      const [, b] = [await lease("a"), await lease("b")];
      const left = await shared.log("a").append(events(2));
      await runOut("a", b);
      const late = shared.log("c");
      expect(await late.takeOver(["a"])).toEqual(nothing);
      await lease("c");
      expect(await late.takeOver(["a"])).toMatchObject({ events: left });
    });

    test("go to the next process with the same node name, at once and without a lease", async () => {
      await lease("a");
      const before = shared.log("a");
      const left = await before.append(events(3));
      await before.acknowledge([left[0]?.id ?? ""]);
      const next = shared.log("a");
      const own = await next.append(events(2));
      expect(await next.takeOver([])).toEqual({ events: left.slice(1), forgotten: [], taken: [] });
      expect(await next.takeOver([])).toEqual(nothing);
      await next.acknowledge([...left, ...own].map(({ id }) => id));
      expect(await shared.log("a").takeOver([])).toEqual(nothing);
    });

    test("go to another node after the node has resigned and has appended nothing for the quiet time", async () => {
      const [a, b] = [await lease("a"), await lease("b")];
      const left = await shared.log("a").append(events(2));
      await a.resign();
      expect(await shared.log("b").takeOver([])).toEqual(nothing);
      await shared.pass(shared.quietMs);
      await b.renew({ draining: false, sent: 0 });
      expect(await shared.log("b").takeOver([])).toMatchObject({ events: left });
    });

    test("stay for the whole quiet time after the last append of a node that has resigned", async () => {
      const [a, b] = [await lease("a"), await lease("b")];
      const log = shared.log("a");
      const first = await log.append(events(2));
      await a.resign();
      await shared.pass(0.8 * shared.quietMs);
      const last = await log.append(events(1, "a", 2));
      await b.renew({ draining: false, sent: 0 });
      await shared.pass(0.3 * shared.quietMs);
      await b.renew({ draining: false, sent: 0 });
      expect(await shared.log("b").takeOver(["a"])).toEqual(nothing);
      await shared.pass(0.8 * shared.quietMs);
      await b.renew({ draining: false, sent: 0 });
      expect(await shared.log("b").takeOver([])).toMatchObject({ events: [...first, ...last] });
    });

    test("of all processes of a dead node go to one other node, also when two ask at the same moment", async () => {
      const [, b, c] = [await lease("a"), await lease("b"), await lease("c")];
      const earlier = await shared.log("a").append(events(2));
      const later = await shared.log("a").append(events(3));
      await runOut("a", b, c);
      const both = await Promise.all([shared.log("b").takeOver(["a"]), shared.log("c").takeOver(["a"])]);
      const [one, other] = both.toSorted((x, y) => y.events.length - x.events.length);
      expect(one).toEqual({ events: [...earlier, ...later], forgotten: [], taken: [] });
      expect(other).toEqual(nothing);
    });

    test("go to a third node when the node that took them over dies as well", async () => {
      const [, b, c] = [await lease("a"), await lease("b"), await lease("c")];
      const ofA = await shared.log("a").append(events(3));
      await runOut("a", b, c);
      const receiver = shared.log("b");
      await receiver.takeOver(["a"]);
      const ofB = await receiver.append(events(2, "b"));
      await receiver.acknowledge([ofA[0]?.id ?? ""]);
      await runOut("b", c);
      expect(await shared.log("c").takeOver(["b"])).toMatchObject({ events: [...ofA.slice(1), ...ofB] });
    });

    test("do not belong to the node any more when it comes back: it learns which events were taken, and appends new ones", async () => {
      const [a, b] = [await lease("a"), await lease("b")];
      const frozen = shared.log("a");
      const before = await frozen.append(events(3));
      await runOut("a", b);
      await shared.log("b").takeOver(["a"]);
      expect(await a.renew({ draining: false, sent: 0 })).toEqual({ kind: "no_lease" });
      await a.register(undefined);
      const after = await frozen.append(events(2, "a", 3));
      const { taken, ...rest } = await frozen.takeOver([]);
      expect(inOrder(taken)).toEqual(before.map(({ id }) => id));
      expect(rest).toEqual({ events: [], forgotten: [] });
      await frozen.acknowledge([...before, ...after].map(({ id }) => id));
      await runOut("b", a);
      expect(await frozen.takeOver(["b"])).toMatchObject({ events: before });
    });

    test("come back to a node that was considered dead when the node that took them over dies before it delivers them", async () => {
      const [a, b] = [await lease("a"), await lease("b")];
      const frozen = shared.log("a");
      const before = await frozen.append(events(3));
      await runOut("a", b);
      await shared.log("b").takeOver(["a"]);
      await a.register(undefined);
      expect((await frozen.takeOver([])).taken).toHaveLength(3);
      await runOut("b", a);
      expect(await frozen.takeOver(["b"])).toEqual({ events: before, forgotten: [], taken: [] });
      const after = await frozen.append(events(2, "a", 3));
      await frozen.acknowledge([...before, ...after].map(({ id }) => id));
      expect(await shared.log("a").takeOver([])).toEqual(nothing);
    });

    test("are counted when the log has dropped them, and are then not undelivered any more", async () => {
      shared = await create(100);
      const [, b, c] = [await lease("a"), await lease("b"), await lease("c")];
      const log = shared.log("a");
      const all = [];
      for (let n = 0; n < 10; n += 1) all.push(...(await log.append(events(100, "a", 100 * n))));
      await runOut("a", b, c);
      const kept = (await log.read(undefined, 1_000)).events;
      const receiver = shared.log("b");
      const lost = all.slice(0, 1_000 - kept.length).map(({ id }) => id);
      const { forgotten, ...others } = await receiver.takeOver(["a"]);
      expect(inOrder(forgotten)).toEqual(lost);
      expect(others).toEqual({ events: kept, taken: [] });
      await runOut("b", c);
      expect(await shared.log("c").takeOver(["b"])).toEqual({ events: kept, forgotten: [], taken: [] });
    });
  });
}
