import { beforeEach, describe, expect, test } from "vitest";
import type { Directory, NodeView, SessionEntry } from "../../src/ports/directory.js";

/** A store that the nodes share. It is empty at first. */
export interface SharedStore {
  /** A node's access to the store. A second call with the same name is a restarted node. */
  directory(nodeId: string): Directory;
  /** Lets time pass on the clock that decides when leases run out. */
  pass(ms: number): Promise<void>;
}

export interface DirectoryUnderTest extends SharedStore {
  /** Deletes the room's entry in the store, as an operator could by hand. */
  loseRoom(roomId: string): Promise<void>;
}

export function sessionEntry(sessionId: string, more: Partial<SessionEntry> = {}): SessionEntry {
  return {
    sessionId,
    userId: "ada",
    epoch: 1,
    roomId: "daily",
    name: "Ada",
    tabId: "tab-1",
    tokenHash: "hash",
    openedAt: 1_700_000_000_000,
    joinedAt: 1_700_000_000_500,
    chosenRole: "audience",
    metadata: {},
    ...more,
  };
}

/** An epoch that no node can have counted up to from this one by itself. */
function muchLaterThan(epoch: number): number {
  const isMuchLater = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) > epoch + 1_000_000;
  return expect.toSatisfy(isMuchLater) as number;
}

const ids = (entries: readonly SessionEntry[]) => entries.map(({ sessionId }) => sessionId).toSorted();

/**
 * What every store behind the {@link Directory} port must do.
 *
 * @param name name of the store, for the titles
 * @param create makes an empty store, and releases it when the test has ended
 * @param counted which sessions decide where a new room begins. A store that is divided counts those of the room's part, which
 *   says nothing about a few sessions
 */
export function directoryContract(
  name: string,
  create: () => DirectoryUnderTest | Promise<DirectoryUnderTest>,
  counted: "all" | "a part" = "all",
): void {
  const testWhereAllCount = (title: string, run: () => Promise<void>): void => {
    if (counted === "all") test(title, run);
  };
  describe(`the directory in ${name}`, () => {
    let store: DirectoryUnderTest;
    beforeEach(async () => {
      store = await create();
    });

    /** A node that has a lease. */
    async function node(nodeId: string, { reachable = true } = {}): Promise<Directory> {
      const directory = store.directory(nodeId);
      await directory.register(reachable ? `wss://${nodeId}` : undefined);
      return directory;
    }

    async function views(of: Directory, draining = false): Promise<readonly NodeView[]> {
      const renewed = await of.renew({ draining, sent: 0 });
      if (renewed.kind !== "renewed") throw new Error("the lease was lost");
      return renewed.nodes;
    }

    async function viewOf(nodeId: string, by: Directory): Promise<NodeView> {
      const view = (await views(by)).findLast((each) => each.nodeId === nodeId);
      if (!view) throw new Error(`${nodeId} is not there`);
      return view;
    }

    /**
     * Lets time pass until the node's lease has run out. Only the `alive` nodes renew their leases. A node is dead as soon as its lease
     * has run out in one part of a divided store. In the others that takes a little longer.
     */
    async function runOut(nodeId: string, epoch: number, ...alive: [Directory, ...Directory[]]): Promise<void> {
      let looksLeft = counted === "a part" ? 2 : 1;
      for (let step = 0; step < 100; step += 1) {
        const [seen] = await Promise.all(alive.map((directory) => views(directory)));
        if (seen?.some((view) => view.nodeId === nodeId && view.epoch === epoch && view.expired)) looksLeft -= 1;
        if (looksLeft === 0) return;
        await store.pass(LEASE_STEP_MS);
      }
      throw new Error(`the lease of ${nodeId} did not run out`);
    }

    /** Makes a node that holds entries and then dies; `witness` sees its lease run out. Returns the lease's epoch. */
    async function dead(nodeId: string, witness: Directory, held: (of: Directory) => Promise<void>): Promise<number> {
      const directory = store.directory(nodeId);
      const { epoch } = await directory.register(`wss://${nodeId}`);
      await held(directory);
      await runOut(nodeId, epoch, witness);
      return epoch;
    }

    describe("leases", () => {
      test("users and rooms can have any id, and none is taken for another", async () => {
        const odd = ["auth0|5f7c", "Team standup", "Team", "会议室", "YQ==/b", "{a}:%20", "%", "a!", "a", "a b", "🎉"];
        const one = await node("one");
        for (const [n, id] of odd.entries()) {
          expect(await one.claimRoom(id)).toMatchObject({ kind: "here" });
          await one.putSession(sessionEntry(`s${n}`, { userId: id, roomId: id }));
        }
        expect((await one.own()).rooms.toSorted()).toEqual(odd.toSorted());
        const two = await node("two");
        for (const [n, id] of odd.entries()) {
          // On a busy machine, all ids together take longer than a lease is good for.
          for (const each of [one, two]) await each.renew({ draining: false, sent: 0 });
          expect(await two.findRoom(id)).toMatchObject({ nodeId: "one" });
          expect(await two.sessionsOfUser(id)).toMatchObject([{ sessionId: `s${n}`, userId: id, roomId: id }]);
          expect(await one.handOver([{ roomId: id }], "two")).toEqual(handed(`s${n}`));
          expect(await one.findSession(`s${n}`)).toMatchObject({ userId: id, roomId: id, nodeId: "two" });
        }
        expect(await two.releaseRoom("Team")).toEqual({ kind: "released" });
        expect(await one.findRoom("Team standup")).toMatchObject({ nodeId: "two" });
      });

      test("a store is empty at first", async () => {
        const directory = store.directory("a");
        expect(await directory.counts()).toEqual({ rooms: 0, sessions: 0 });
        expect(await directory.findSession("s1")).toBeUndefined();
        expect(await directory.findRoom("daily")).toBeUndefined();
        expect(await directory.sessionsOfUser("ada")).toEqual([]);
        expect(await directory.own()).toEqual({ rooms: [], sessions: [] });
      });

      test("a node without a lease can read, and changes nothing", async () => {
        const directory = store.directory("a");
        const none = { kind: "no_lease" };
        expect(await directory.renew({ draining: false, sent: 0 })).toEqual(none);
        expect(await directory.claimRoom("daily")).toEqual(none);
        expect(await directory.previewRoom("daily")).toEqual(none);
        expect(await directory.reclaimRoom("daily")).toEqual(none);
        expect(await directory.releaseRoom("daily")).toEqual(none);
        expect(await directory.putSession(sessionEntry("s1"))).toEqual(none);
        expect(await directory.removeSession("s1", 1)).toEqual(none);
        expect(await directory.takeOver({ nodeId: "b", epoch: 1 }, 10)).toEqual(none);
        expect(await directory.handOver([{ roomId: "daily" }], "b")).toEqual(none);
        expect(await directory.counts()).toEqual({ rooms: 0, sessions: 0 });
      });

      test("every lease has a greater epoch than all leases before it", async () => {
        const epochs: number[] = [];
        for (const nodeId of ["a", "b", "a", "c"]) {
          epochs.push((await store.directory(nodeId).register(undefined)).epoch);
        }
        expect(epochs).toEqual([...new Set(epochs)].toSorted((one, other) => one - other));
      });

      test("a new epoch is greater than those of all leases, rooms and moved sessions before it, and less than those after it; nobody gets it twice", async () => {
        const [a, b] = [await node("a"), await node("b")];
        const epochOf = async (roomId: string): Promise<number> => {
          const claim = await a.claimRoom(roomId);
          return claim.kind === "here" ? claim.epoch : 0;
        };
        const rooms = [await epochOf("daily"), await epochOf("weekly")];
        await a.putSession(sessionEntry("s1", { roomId: undefined }));
        await a.handOver([{ sessionId: "s1" }], "b");
        const moved = (await b.findSession("s1"))?.epoch ?? Infinity;
        const given = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? a : b).newEpoch()));
        expect(new Set(given).size).toBe(20);
        const { epoch: lease } = await store.directory("c").register("wss://c");
        for (const epoch of given) {
          expect(epoch).toBeGreaterThan(Math.max(moved, ...rooms));
          expect(epoch).toBeLessThan(lease);
        }
      });

      test("a new epoch is greater than those under which sessions were removed, to which their nodes had counted up", async () => {
        const [a, b] = [await node("a"), await node("b")];
        await a.putSession(sessionEntry("s1", { roomId: undefined }));
        await a.handOver([{ sessionId: "s1" }], "b");
        const ahead = ((await b.findSession("s1"))?.epoch ?? 0) + 10_000_000;
        expect(await b.removeSession("s1", ahead)).toEqual({ kind: "removed" });
        expect(await a.newEpoch()).toBeGreaterThan(ahead);
        expect(await b.removeSession("s1", ahead + 1_000)).toEqual({ kind: "gone" });
        expect(await a.newEpoch()).toBeGreaterThan(ahead + 1_000);
        // A session that another node holds by now is no end.
        await a.putSession(sessionEntry("s2", { roomId: undefined }));
        await a.handOver([{ sessionId: "s2" }], "b");
        const moved = (await b.findSession("s2"))?.epoch ?? 0;
        expect(moved).toBeGreaterThan(ahead + 1_000);
        expect(await a.removeSession("s2", moved - 1)).toMatchObject({ kind: "fenced" });
        expect(await a.newEpoch()).toBeLessThan(moved + 1_000);
      });

      test("a node that renews gets all nodes, oldest first, with their counts and their status", async () => {
        const a = await node("a");
        const b = await node("b", { reachable: false });
        await a.claimRoom("daily");
        await a.putSession(sessionEntry("s1"));
        await a.putSession(sessionEntry("s2"));
        await a.renew({ draining: true, sent: 17 });
        const seen = await b.renew({ draining: false, sent: 3 });
        expect(seen).toMatchObject({
          kind: "renewed",
          nodes: [
            { nodeId: "a", url: "wss://a", sessions: 2, rooms: 1, draining: true, expired: false, sent: 17 },
            { nodeId: "b", url: undefined, sessions: 0, rooms: 0, draining: false, expired: false, sent: 3 },
          ],
        });
      });

      test("a lease that its node does not renew runs out, and goes on when the node renews it before another node claims it", async () => {
        const a = await node("a");
        const b = store.directory("b");
        const { epoch } = await b.register("wss://b");
        await b.claimRoom("daily");
        await runOut("b", epoch, a);
        expect(await a.findRoom("daily")).toEqual({ nodeId: "b", url: "wss://b", expired: true });
        expect(await viewOf("b", b)).toMatchObject({ expired: false });
        expect(await a.findRoom("daily")).toEqual({ nodeId: "b", url: "wss://b", expired: false });
        expect(await a.takeOver({ nodeId: "b", epoch }, 10)).toEqual({ kind: "alive" });
      });

      test("a node keeps its lease as long as it renews it", async () => {
        const a = await node("a");
        const { epoch } = await store.directory("dead").register(undefined);
        await runOut("dead", epoch, a);
        expect(await viewOf("a", a)).toMatchObject({ expired: false });
      });

      test("a node that resigns has no lease, and its lease is forgotten if it held nothing", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.resign();
        await a.resign();
        expect(await a.claimRoom("daily")).toEqual({ kind: "no_lease" });
        expect(await views(b)).toHaveLength(1);
      });

      test("another node can take over at once what a node held when it resigned", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.putSession(sessionEntry("s1", { epoch: 4 }));
        const { epoch } = await viewOf("a", b);
        await a.resign();
        expect(await b.findSession("s1")).toMatchObject({ nodeId: "a", expired: true, leaseLeftMs: 0 });
        const taken = await b.takeOver({ nodeId: "a", epoch }, 10);
        expect(taken).toEqual({
          kind: "taken",
          sessions: [sessionEntry("s1", { epoch: muchLaterThan(4) })],
          more: false,
        });
      });

      test("closing resigns, and a second close does nothing", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.close();
        await expect(a.close()).resolves.toBeUndefined();
        expect(await views(b)).toHaveLength(1);
      });
    });

    describe("among many nodes", () => {
      /** More than an answer to a renewal lists in any store. */
      const MANY = 24;

      /** Many nodes. `see` renews all their leases, and then that of the one that looks. */
      async function crowd() {
        const nodes = await Promise.all(Array.from({ length: MANY }, (_none, n) => node(`n${n}`)));
        const [first, second, third] = nodes;
        if (!first || !second || !third) throw new Error("no nodes");
        const looks = await node("looks");
        const alive = new Set(nodes);
        const see = async (): Promise<ReadonlyMap<string, NodeView>> => {
          await Promise.all([...alive].map((each) => each.renew({ draining: false, sent: 0 })));
          return new Map((await views(looks)).map((view) => [view.nodeId, view]));
        };
        expect((await see()).size).toBe(MANY + 1);
        return { first, second, third, looks, alive, see };
      }

      test("a renewal tells of each node that begins, starts again, drains, resigns, or gets sessions of another node", async () => {
        const { first, second, third, looks, alive, see } = await crowd();
        alive.add(await node("late"));
        expect((await see()).get("late")).toMatchObject({ url: "wss://late", sessions: 0, expired: false });

        const again = await first.register("wss://other");
        expect((await views(looks)).filter(({ nodeId }) => nodeId === "n0")).toMatchObject([
          { url: "wss://n0" },
          { url: "wss://other", epoch: again.epoch },
        ]);

        alive.delete(second);
        await second.renew({ draining: true, sent: 0 });
        expect((await see()).get("n1")).toMatchObject({ draining: true });
        await second.resign();
        expect((await see()).has("n1")).toBe(false);

        await looks.claimRoom("daily");
        for (const id of ["s1", "s2"]) await looks.putSession(sessionEntry(id));
        expect((await see()).get("looks")).toMatchObject({ sessions: 2, rooms: 1 });
        await looks.handOver([{ roomId: "daily" }], "n2");
        const seen = await see();
        expect(seen.get("looks")).toMatchObject({ sessions: 0, rooms: 0 });
        expect(seen.get("n2")).toMatchObject({ sessions: 2, rooms: 1 });

        alive.delete(third);
        await third.resign();
        expect((await see()).get("n2")).toMatchObject({ sessions: 2, expired: true });
        const epochs = (await views(looks)).map(({ epoch }) => epoch);
        expect(epochs).toEqual(epochs.toSorted((one, other) => one - other));
      });

      test("a renewal tells of each lease that runs out, that goes on, and that is taken over", async () => {
        const { first, second, looks, alive, see } = await crowd();
        for (const each of [first, second]) {
          alive.delete(each);
          await each.putSession(sessionEntry(`of-${each.nodeId}`, { roomId: undefined }));
        }
        // Leases that were renewed one after the other run out one after the other, and a machine that is busy renews the others late.
        const seeExpired = async (...names: string[]): Promise<ReadonlyMap<string, NodeView>> => {
          for (;;) {
            const seen = await see();
            const expired = [...seen.values()].filter((view) => view.expired).map(({ nodeId }) => nodeId);
            if (expired.join() === names.join()) return seen;
            await store.pass(LEASE_STEP_MS);
          }
        };
        const { epoch } = (await seeExpired("n0", "n1")).get("n0") ?? { epoch: 0 };
        alive.add(second);
        const lease = { nodeId: "n0", epoch };
        let seen = await seeExpired("n0");
        while (seen.has("n0")) {
          expect(await looks.takeOver(lease, 10)).toMatchObject({ kind: "taken", more: false });
          seen = await see();
        }
        expect(seen.get("looks")).toMatchObject({ sessions: 1 });
      });

      test("a renewal tells of sessions that begin one by one, of messages and of changes back, each node in its turn", async () => {
        const { first, second, looks, see } = await crowd();
        await first.putSession(sessionEntry("s1"));
        await second.renew({ draining: false, sent: 7 });
        const isTold = async (): Promise<boolean> => {
          await Promise.all([first.renew({ draining: false, sent: 0 }), second.renew({ draining: false, sent: 7 })]);
          const seen = new Map((await views(looks)).map((view) => [view.nodeId, view]));
          return seen.get("n0")?.sessions === 1 && seen.get("n1")?.sent === 7;
        };
        while (!(await isTold())) await store.pass(LEASE_STEP_MS);
        await first.removeSession("s1", 1);
        let seen = await see();
        while (seen.get("n0")?.sessions !== 0) {
          await store.pass(LEASE_STEP_MS);
          seen = await see();
        }
      });

      testWhereAllCount(
        "a new room goes to the node with the fewest sessions, however many nodes cannot take it",
        async () => {
          const { first, second, looks, alive } = await crowd();
          for (const each of alive) if (each !== second) await each.renew({ draining: true, sent: 0 });
          await second.putSession(sessionEntry("s1"));
          await looks.putSession(sessionEntry("s2"));
          expect(await looks.claimRoom("r1")).toMatchObject({ kind: "here" });
          for (const id of ["s3", "s4"]) await looks.putSession(sessionEntry(id));
          expect(await looks.claimRoom("r2")).toEqual({ kind: "elsewhere", nodeId: "n1", url: "wss://n1" });
          expect(await first.claimRoom("r2")).toEqual({ kind: "elsewhere", nodeId: "n1", url: "wss://n1" });
          await second.renew({ draining: true, sent: 0 });
          expect(await first.claimRoom("r2")).toEqual({ kind: "elsewhere", nodeId: "looks", url: "wss://looks" });
          // A node that takes rooms again, and one that has started again.
          await second.renew({ draining: false, sent: 0 });
          await second.register("wss://again");
          await second.putSession(sessionEntry("s5"));
          expect(await first.claimRoom("r2")).toEqual({ kind: "elsewhere", nodeId: "n1", url: "wss://again" });
        },
      );
    });

    describe("rooms", () => {
      testWhereAllCount(
        "a preview says where a room is or would begin, for somebody who has no session yet, and makes nobody the home",
        async () => {
          const [a, b] = [await node("a"), await node("b")];
          const inNoRoom = { roomId: undefined };
          await b.putSession(sessionEntry("b1", inNoRoom));
          expect(await a.previewRoom("daily")).toEqual({ kind: "here" });
          expect(await b.previewRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
          expect(await a.counts()).toEqual({ rooms: 0, sessions: 1 });
          // With as many sessions as another node, this one is the home. A session that has begun here does not change that.
          await a.putSession(sessionEntry("a1", inNoRoom));
          expect(await a.previewRoom("daily")).toEqual({ kind: "here" });
          await a.putSession(sessionEntry("a2", inNoRoom));
          expect(await a.claimRoom("daily")).toMatchObject({ kind: "here" });
          expect(await a.previewRoom("weekly")).toEqual({ kind: "elsewhere", nodeId: "b", url: "wss://b" });
          expect(await a.previewRoom("daily")).toEqual({ kind: "here" });
          expect(await b.previewRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
          await store.loseRoom("daily");
          expect(await b.previewRoom("daily")).toEqual({ kind: "here" });
          await a.putSession(sessionEntry("a2", { roomId: "lost" }));
          expect(await b.previewRoom("lost")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
          // The entry that was lost is there again.
          expect(await a.own()).toMatchObject({ rooms: ["lost"] });
          for (const each of [a, b]) await views(each, true);
          expect(await a.previewRoom("other")).toEqual({ kind: "unplaced" });
        },
      );

      test("this node becomes the home of a room that no node holds, and stays it through further claims until it releases the room", async () => {
        const a = await node("a");
        expect(await a.claimRoom("daily")).toMatchObject({ kind: "here" });
        expect(await a.claimRoom("daily")).toMatchObject({ kind: "here" });
        expect(await a.findRoom("daily")).toEqual({ nodeId: "a", url: "wss://a", expired: false });
        expect(await a.counts()).toEqual({ rooms: 1, sessions: 0 });
        expect(await a.own()).toEqual({ rooms: ["daily"], sessions: [] });
        expect(await a.releaseRoom("daily")).toEqual({ kind: "released" });
        expect(await a.releaseRoom("daily")).toEqual({ kind: "not_home" });
        expect(await a.counts()).toEqual({ rooms: 0, sessions: 0 });
        expect(await a.claimRoom("daily")).toMatchObject({ kind: "here" });
      });

      test("a claimed room gets a greater epoch than everything before it, also when another node has had the room meanwhile", async () => {
        const [a, b] = [await node("a"), await node("b")];
        const epochOf = (claim: Awaited<ReturnType<Directory["claimRoom"]>>): number =>
          claim.kind === "here" ? claim.epoch : NaN;
        const first = epochOf(await a.claimRoom("daily"));
        await a.putSession(sessionEntry("s1"));
        await a.handOver([{ roomId: "daily" }], "b");
        const moved = (await b.findSession("s1"))?.epoch ?? NaN;
        expect(moved).toBeGreaterThan(first);
        await b.removeSession("s1", moved);
        await b.releaseRoom("daily");
        expect(epochOf(await a.claimRoom("daily"))).toBeGreaterThan(moved);
      });

      test("releasing a room does not change the other rooms", async () => {
        const a = await node("a");
        for (const room of ["a", "b", "c"]) await a.claimRoom(room);
        await a.releaseRoom("b");
        expect(await a.releaseRoom("nowhere")).toEqual({ kind: "not_home" });
        expect((await a.own()).rooms.toSorted()).toEqual(["a", "c"]);
      });

      test("a room has one home; the other nodes are sent there and cannot release the room", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.claimRoom("daily");
        expect(await b.claimRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
        expect(await b.releaseRoom("daily")).toEqual({ kind: "not_home" });
        expect(await b.findRoom("daily")).toMatchObject({ nodeId: "a" });
      });

      test("no client is sent to a home without a URL, or to a home that does not renew its lease", async () => {
        const a = await node("a", { reachable: false });
        const b = await node("b");
        await a.claimRoom("daily");
        expect(await a.findRoom("daily")).toEqual({ nodeId: "a", url: undefined, expired: false });
        expect(await b.claimRoom("daily")).toEqual({ kind: "unplaced" });
        await dead("c", b, async (c) => void (await c.claimRoom("weekly")));
        expect(await b.claimRoom("weekly")).toEqual({ kind: "unplaced" });
      });

      testWhereAllCount(
        "a new room goes to the node with the fewest sessions, and the session that asks does not count",
        async () => {
          const a = await node("a");
          const b = await node("b");
          const c = await node("c");
          await a.putSession(sessionEntry("a1"));
          for (const id of ["b1", "b2"]) await b.putSession(sessionEntry(id));
          for (const id of ["c1", "c2"]) await c.putSession(sessionEntry(id));
          expect(await a.claimRoom("r1")).toMatchObject({ kind: "here" });
          expect(await b.claimRoom("r2")).toMatchObject({ kind: "here" });
          await b.putSession(sessionEntry("b3"));
          expect(await b.claimRoom("r3")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
          expect(await b.findRoom("r3")).toBeUndefined();
          expect(await a.claimRoom("r3")).toMatchObject({ kind: "here" });
        },
      );

      test("no new room goes to a node that is draining, has no URL, or is dead", async () => {
        const a = await node("a");
        await dead("d", a, async () => undefined);
        const b = await node("b", { reachable: false });
        const c = await node("c");
        await views(c, true);
        for (const id of ["a1", "a2", "a3"]) await a.putSession(sessionEntry(id));
        expect(await a.claimRoom("r1")).toMatchObject({ kind: "here" });
        expect(await c.claimRoom("r2")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
        expect(await c.claimRoom("r1")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
        await views(a, true);
        expect(await a.claimRoom("r3")).toEqual({ kind: "unplaced" });
        expect(await a.claimRoom("r1")).toMatchObject({ kind: "here" });
        expect(await b.claimRoom("r3")).toMatchObject({ kind: "here" });
      });

      test("a restarted node is the home of its earlier rooms again, and is not sent to itself", async () => {
        const before = await node("a");
        await before.claimRoom("daily");
        const after = await node("a");
        await after.putSession(sessionEntry("s1"));
        await after.putSession(sessionEntry("s2"));
        expect((await after.own()).rooms).toEqual([]);
        expect(await after.claimRoom("weekly")).toMatchObject({ kind: "here" });
        expect(await after.claimRoom("daily")).toMatchObject({ kind: "here" });
        expect((await after.own()).rooms.toSorted()).toEqual(["daily", "weekly"]);
        expect((await before.own()).rooms).toEqual([]);
      });

      test("a node can reclaim a room that no node holds, also when it is draining and another node has fewer sessions", async () => {
        const a = await node("a");
        const b = await node("b");
        for (const id of ["a1", "a2", "a3"]) await a.putSession(sessionEntry(id, { roomId: undefined }));
        await views(a, true);
        expect(await a.claimRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "b", url: "wss://b" });
        expect(await a.reclaimRoom("daily")).toEqual({ kind: "held" });
        expect(await a.reclaimRoom("daily")).toEqual({ kind: "held" });
        expect(await b.findRoom("daily")).toEqual({ nodeId: "a", url: "wss://a", expired: false });
        expect((await a.own()).rooms).toEqual(["daily"]);
      });

      test("a node cannot reclaim a room of another node, whether or not that node renews its lease", async () => {
        const a = await node("a");
        const b = store.directory("b");
        const { epoch } = await b.register(undefined);
        await b.claimRoom("daily");
        expect(await a.reclaimRoom("daily")).toEqual({ kind: "lost", nodeId: "b" });
        await runOut("b", epoch, a);
        expect(await a.reclaimRoom("daily")).toEqual({ kind: "lost", nodeId: "b" });
        expect(await a.findRoom("daily")).toMatchObject({ nodeId: "b" });
      });

      test("a restarted node can reclaim a room of its earlier lease", async () => {
        const before = await node("a");
        await before.claimRoom("daily");
        const after = await node("a");
        expect(await after.reclaimRoom("daily")).toEqual({ kind: "held" });
        expect((await after.own()).rooms).toEqual(["daily"]);
        expect((await before.own()).rooms).toEqual([]);
      });

      test("when a room's entry is lost, the node that holds its sessions is the home, and the next claim writes the entry again", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.claimRoom("daily");
        for (const id of ["a1", "a2"]) await a.putSession(sessionEntry(id));
        await store.loseRoom("daily");
        expect((await a.own()).rooms).toEqual([]);
        expect(await b.findRoom("daily")).toEqual({ nodeId: "a", url: "wss://a", expired: false });
        expect(await b.claimRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "a", url: "wss://a" });
        expect((await a.own()).rooms).toEqual(["daily"]);
        await store.loseRoom("daily");
        expect(await a.claimRoom("daily")).toMatchObject({ kind: "here" });
        expect((await a.own()).rooms).toEqual(["daily"]);
        await store.loseRoom("daily");
        expect(await a.reclaimRoom("daily")).toEqual({ kind: "held" });
        expect((await a.own()).rooms).toEqual(["daily"]);
      });

      testWhereAllCount(
        "when the entry of an empty room is lost, the room goes to the best node, like a new room",
        async () => {
          const a = await node("a");
          await node("b");
          for (const id of ["a1", "a2"]) await a.putSession(sessionEntry(id, { roomId: "weekly" }));
          await a.reclaimRoom("daily");
          await store.loseRoom("daily");
          expect(await a.findRoom("daily")).toBeUndefined();
          expect(await a.claimRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "b", url: "wss://b" });
          expect(await a.findRoom("daily")).toBeUndefined();
        },
      );

      test("when many nodes claim one room at once, one becomes its home, and the others are sent there", async () => {
        const nodes = await Promise.all(["a", "b", "c", "d", "e"].map((nodeId) => node(nodeId)));
        for (let round = 0; round < 20; round += 1) {
          await Promise.all(nodes.map((each) => views(each)));
          const outcomes = await Promise.all(nodes.map((each) => each.claimRoom(`room-${round}`)));
          const [home] = nodes.filter((_node, n) => outcomes[n]?.kind === "here");
          const elsewhere = { kind: "elsewhere", nodeId: home?.nodeId, url: `wss://${home?.nodeId}` };
          expect(outcomes.filter(({ kind }) => kind === "here")).toHaveLength(1);
          expect(outcomes.filter(({ kind }) => kind !== "here")).toEqual([elsewhere, elsewhere, elsewhere, elsewhere]);
        }
      });
    });

    describe("sessions", () => {
      test("a stored session is found by its id and by its user, unchanged", async () => {
        const a = await node("a");
        const metadata = { none: [], empty: {}, deep: [{ x: [1.5, 1e300, -0.1] }], text: 'ä "\n\\ 💬', no: null };
        const rich = sessionEntry("s1", { metadata });
        const bare = sessionEntry("s3", { userId: "bob", roomId: undefined, joinedAt: undefined });
        expect(await a.putSession(rich)).toEqual({ kind: "stored" });
        await a.putSession(sessionEntry("s2", { roomId: "weekly" }));
        await a.putSession(bare);
        const leaseEpoch = (await viewOf("a", a)).epoch;
        const placed = {
          nodeId: "a",
          leaseEpoch,
          url: "wss://a",
          leaseLeftMs: expect.any(Number) as number,
          expired: false,
        };
        expect(await a.findSession("s1")).toEqual({ ...rich, ...placed });
        expect(await a.findSession("s3")).toEqual({ ...bare, ...placed });
        const both = await a.findSessions(["s1", "nobody", "s3"]);
        expect(both).toEqual([
          { ...rich, ...placed },
          { ...bare, ...placed },
        ]);
        expect(await a.findSessions([])).toEqual([]);
        expect(ids(await a.sessionsOfUser("ada"))).toEqual(["s1", "s2"]);
        expect(await a.sessionsOfUser("bob")).toEqual([{ ...bare, ...placed }]);
        expect(await a.counts()).toEqual({ rooms: 0, sessions: 3 });
        expect(ids((await a.own()).sessions)).toEqual(["s1", "s2", "s3"]);
      });

      test("an entry tells under which lease of its node it stands", async () => {
        const a = await node("a");
        const first = (await viewOf("a", a)).epoch;
        await a.putSession(sessionEntry("s1"));
        const { epoch: second } = await a.register("wss://a");
        expect(await a.findSession("s1")).toMatchObject({ nodeId: "a", leaseEpoch: first });
        await a.putSession(sessionEntry("s1"));
        expect(await a.findSessions(["s1"])).toMatchObject([{ nodeId: "a", leaseEpoch: second }]);
      });

      test("storing a session again replaces its entry, with a later epoch, another room, or no room", async () => {
        const a = await node("a");
        await a.putSession(sessionEntry("s1"));
        expect(await a.putSession(sessionEntry("s1", { roomId: "weekly" }))).toEqual({ kind: "stored" });
        expect(await a.putSession(sessionEntry("s1", { roomId: undefined, epoch: 3 }))).toEqual({ kind: "stored" });
        expect(await a.findSession("s1")).toMatchObject({ epoch: 3, roomId: undefined });
        expect(await a.sessionsOfUser("ada")).toHaveLength(1);
        expect((await a.own()).sessions).toHaveLength(1);
        expect(await a.counts()).toMatchObject({ sessions: 1 });
      });

      test("a node that writes under an older epoch is fenced and changes nothing", async () => {
        const a = await node("a");
        await a.putSession(sessionEntry("s1", { epoch: 10 }));
        const fenced = { kind: "fenced", epoch: 10 };
        expect(await a.putSession(sessionEntry("s1", { epoch: 9, roomId: "weekly" }))).toEqual(fenced);
        expect(await a.removeSession("s1", 9)).toEqual(fenced);
        expect(await a.findSession("s1")).toMatchObject(sessionEntry("s1", { epoch: 10 }));
      });

      test("under one epoch only one node holds a session; another node can write it under the next epoch", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.putSession(sessionEntry("s1", { epoch: 3 }));
        expect(await b.putSession(sessionEntry("s1", { epoch: 3 }))).toEqual({ kind: "fenced", epoch: 3 });
        expect(await b.removeSession("s1", 3)).toEqual({ kind: "fenced", epoch: 3 });
        expect(await b.putSession(sessionEntry("s1", { epoch: 4 }))).toEqual({ kind: "stored" });
        expect(await a.findSession("s1")).toMatchObject({ nodeId: "b", epoch: 4 });
        expect(await a.putSession(sessionEntry("s1", { epoch: 4 }))).toEqual({ kind: "fenced", epoch: 4 });
        expect((await a.own()).sessions).toEqual([]);
        expect(ids((await b.own()).sessions)).toEqual(["s1"]);
      });

      test.each([3, 4])("a session can be removed once, under its own epoch or a later one (%i)", async (epoch) => {
        const a = await node("a");
        await a.putSession(sessionEntry("s1", { epoch: 3 }));
        await a.putSession(sessionEntry("s2"));
        expect(await a.removeSession("s1", epoch)).toEqual({ kind: "removed" });
        expect(await a.removeSession("s1", epoch)).toEqual({ kind: "gone" });
        expect(await a.findSession("s1")).toBeUndefined();
        expect(ids(await a.sessionsOfUser("ada"))).toEqual(["s2"]);
        expect(ids((await a.own()).sessions)).toEqual(["s2"]);
        expect(await a.counts()).toMatchObject({ sessions: 1 });
      });

      test("removing a session that was never stored answers `gone`", async () => {
        const a = await node("a");
        expect(await a.removeSession("nobody", 1)).toEqual({ kind: "gone" });
      });

      test("a change of an entry object after the call does not change the directory", async () => {
        const a = await node("a");
        const mine = sessionEntry("s1");
        await a.putSession(mine);
        Object.assign(mine, { roomId: "changed" });
        expect(await a.findSession("s1")).toMatchObject({ roomId: "daily" });
      });

      test.each(["__proto__", "constructor", "a:b", "{a}", "a*", "[a", "-", "a@1", "r".repeat(128)])(
        "sessions, users and rooms can have the id %s and are not confused with others",
        async (odd) => {
          const a = await node("a");
          const mine = sessionEntry(odd, { userId: odd, roomId: odd });
          await a.putSession(mine);
          await a.putSession(sessionEntry("s1", { userId: `${odd}2`, roomId: `${odd}2` }));
          await a.putSession(sessionEntry("s2", { userId: `${odd}-`, roomId: `${odd}-` }));
          await a.claimRoom(odd);
          await a.claimRoom(`${odd}2`);
          expect(await a.sessionsOfUser(odd)).toMatchObject([mine]);
          expect(await a.removeSession(odd, 1)).toEqual({ kind: "removed" });
          expect(await a.releaseRoom(odd)).toEqual({ kind: "released" });
          expect(await a.counts()).toEqual({ rooms: 1, sessions: 2 });
        },
      );

      test("impossible ids are not found", async () => {
        const a = await node("a");
        await a.putSession(sessionEntry("s1"));
        for (const odd of ["", " ", "ada s1", "s1 ", "daily\n", "!", "\u0000", "ä"]) {
          expect(await a.findSession(odd)).toBeUndefined();
          expect(await a.removeSession(odd, 9)).toEqual({ kind: "gone" });
        }
      });

      test("nodes with similar names do not hold each other's entries", async () => {
        for (const nodeId of ["n", "n1", "n-1", "n:1", "n.1"]) {
          const directory = await node(nodeId);
          await directory.putSession(sessionEntry(`of-${nodeId}`));
          await directory.claimRoom(`room-of-${nodeId}`);
        }
        const [first] = (await store.directory("n").own()).sessions;
        expect(first).toBeUndefined();
        const seen = await views(await node("n2"));
        expect(seen.map(({ sessions }) => sessions)).toEqual([1, 1, 1, 1, 1, 0]);
      });

      test("when many nodes store and remove one session at once, the latest epoch wins", async () => {
        const a = await node("a");
        const b = await node("b");
        const epochs = Array.from({ length: 50 }, (_none, n) => ((n * 7) % 50) + 1);
        const outcomes = await Promise.all(
          epochs.map((epoch) => (epoch % 2 ? a : b).putSession(sessionEntry("s1", { epoch }))),
        );
        expect(await a.findSession("s1")).toMatchObject({ epoch: 50, nodeId: "b" });
        expect(outcomes.some(({ kind }) => kind === "fenced")).toBe(true);
        await Promise.all(epochs.map((epoch) => b.removeSession("s1", epoch)));
        expect(await a.counts()).toEqual({ rooms: 0, sessions: 0 });
        expect(await a.sessionsOfUser("ada")).toEqual([]);
      });

      test("thousands of sessions that begin and end leave nothing in the store", async () => {
        const a = await node("a");
        const all = Array.from({ length: 1_200 }, (_none, n) => `s${n}`);
        await inBatches(all, (id, n) => a.putSession(sessionEntry(id, { userId: `u${n % 10}`, roomId: `r${n % 7}` })));
        await inBatches(all, (id) => a.claimRoom(`of-${id}`));
        expect(await a.counts()).toEqual({ sessions: 1_200, rooms: 1_200 });
        expect(await a.sessionsOfUser("u3")).toHaveLength(120);
        const own = await a.own();
        expect(ids(own.sessions)).toEqual(all.toSorted());
        expect(own.rooms.toSorted()).toEqual(all.map((id) => `of-${id}`).toSorted());
        await inBatches(all, (id) => Promise.all([a.removeSession(id, 1), a.releaseRoom(`of-${id}`)]));
        expect(await a.counts()).toEqual({ rooms: 0, sessions: 0 });
        for (let n = 0; n < 10; n += 1) expect(await a.sessionsOfUser(`u${n}`)).toEqual([]);
        expect(await a.own()).toEqual({ rooms: [], sessions: [] });
      });
    });

    describe("taking over", () => {
      test("first rooms move with all their sessions, then sessions without a room, each under a new epoch", async () => {
        const a = await node("a");
        const epoch = await dead("d", a, async (d) => {
          await d.claimRoom("daily");
          await d.putSession(sessionEntry("s1", { epoch: 1 }));
          await d.putSession(sessionEntry("s2", { epoch: 7 }));
          await d.putSession(sessionEntry("alone", { roomId: undefined, epoch: 2 }));
        });
        const taken = await a.takeOver({ nodeId: "d", epoch }, 100);
        if (taken.kind !== "taken") throw new Error(taken.kind);
        expect(taken.more).toBe(false);
        const expected = [
          sessionEntry("alone", { roomId: undefined, epoch: muchLaterThan(2) }),
          sessionEntry("s1", { epoch: muchLaterThan(1) }),
          sessionEntry("s2", { epoch: muchLaterThan(7) }),
        ];
        expect(taken.sessions.toSorted((one, other) => (one.sessionId < other.sessionId ? -1 : 1))).toEqual(expected);
        expect(await a.own()).toEqual({ rooms: ["daily"], sessions: expect.arrayContaining(expected) });
        expect(await a.findRoom("daily")).toEqual({ nodeId: "a", url: "wss://a", expired: false });
        expect(await views(a)).toHaveLength(1);
        expect(await a.takeOver({ nodeId: "d", epoch }, 100)).toEqual({ kind: "taken", sessions: [], more: false });
      });

      test("a live node keeps its entries: no other node can take them over, nor can the node itself", async () => {
        const a = await node("a");
        const b = await node("b");
        await b.putSession(sessionEntry("s1"));
        const { epoch } = await viewOf("b", a);
        expect(await a.takeOver({ nodeId: "b", epoch }, 100)).toEqual({ kind: "alive" });
        expect(await b.takeOver({ nodeId: "b", epoch }, 100)).toEqual({ kind: "alive" });
        expect(await a.takeOver({ nodeId: "b", epoch: epoch - 1 }, 100)).toEqual({
          kind: "taken",
          sessions: [],
          more: false,
        });
        expect(await a.findSession("s1")).toMatchObject({ nodeId: "b", epoch: 1 });
      });

      test("a call ends after the room with which it has taken enough sessions, and says that more are left", async () => {
        const a = await node("a");
        const epoch = await dead("d", a, async (d) => {
          for (const room of ["r1", "r2", "r3"]) await d.claimRoom(room);
          for (const room of ["r1", "r2", "r3"]) {
            for (const n of [1, 2, 3]) await d.putSession(sessionEntry(`${room}-${n}`, { roomId: room }));
          }
          for (const n of [1, 2, 3]) await d.putSession(sessionEntry(`alone-${n}`, { roomId: undefined }));
        });
        const sizes: number[] = [];
        const all: string[] = [];
        for (let more = true; more;) {
          const taken = await a.takeOver({ nodeId: "d", epoch }, 4);
          if (taken.kind !== "taken") throw new Error(taken.kind);
          sizes.push(taken.sessions.length);
          all.push(...ids(taken.sessions));
          more = taken.more;
        }
        // A room has three people, so a call takes at most two more than it was asked for.
        for (const size of sizes.slice(0, -1)) expect([4, 5, 6]).toContain(size);
        expect(all).toHaveLength(12);
        expect(new Set(all).size).toBe(12);
      });

      test("calls at the same time give each session once, and in the end all of them", async () => {
        const a = await node("a");
        const epoch = await dead("d", a, async (d) => {
          for (const room of ["r1", "r2", "r3"]) await d.claimRoom(room);
          for (const room of ["r1", "r2", "r3"]) {
            for (const n of [1, 2]) await d.putSession(sessionEntry(`${room}-${n}`, { roomId: room }));
          }
          for (const n of [1, 2, 3, 4]) await d.putSession(sessionEntry(`alone-${n}`, { roomId: undefined }));
        });
        const all: string[] = [];
        let more = true;
        while (more) {
          const lease = { nodeId: "d", epoch };
          for (const taken of await Promise.all([1, 2, 3].map(() => a.takeOver(lease, 2)))) {
            if (taken.kind !== "taken") throw new Error(taken.kind);
            all.push(...ids(taken.sessions));
            more &&= taken.more;
          }
        }
        expect(new Set(all).size).toBe(10);
        expect(all).toHaveLength(10);
        expect(await a.takeOver({ nodeId: "d", epoch }, 2)).toEqual({ kind: "taken", sessions: [], more: false });
      });

      test("a node that comes back after another node took its first entry is refused and has to register again", async () => {
        const a = await node("a");
        const d = store.directory("d");
        const { epoch } = await d.register("wss://d");
        await d.putSession(sessionEntry("s1", { roomId: undefined }));
        await d.putSession(sessionEntry("s2", { roomId: undefined }));
        await runOut("d", epoch, a);
        expect(await a.takeOver({ nodeId: "d", epoch }, 1)).toMatchObject({ kind: "taken", more: true });
        expect(await d.renew({ draining: false, sent: 0 })).toEqual({ kind: "no_lease" });
        expect(await d.putSession(sessionEntry("s3"))).toEqual({ kind: "no_lease" });
        expect(await d.removeSession("s2", 1)).toEqual({ kind: "no_lease" });
        const again = await d.register("wss://d");
        expect(again.epoch).toBeGreaterThan(epoch);
        expect((await d.own()).sessions).toEqual([]);
        expect(await a.takeOver({ nodeId: "d", epoch }, 10)).toMatchObject({ kind: "taken", more: false });
        expect(await a.counts()).toMatchObject({ sessions: 2 });
        expect((await a.own()).sessions).toHaveLength(2);
      });

      test("a restarted node takes over the entries of its earlier lease after that lease has run out", async () => {
        const before = store.directory("a");
        const { epoch } = await before.register("wss://a");
        await before.claimRoom("daily");
        await before.putSession(sessionEntry("s1"));
        const after = await node("a");
        expect(await after.takeOver({ nodeId: "a", epoch }, 10)).toEqual({ kind: "alive" });
        await runOut("a", epoch, after);
        expect(await after.takeOver({ nodeId: "a", epoch }, 10)).toEqual({
          kind: "taken",
          sessions: [sessionEntry("s1", { epoch: muchLaterThan(1) })],
          more: false,
        });
        expect((await after.own()).rooms).toEqual(["daily"]);
        expect(await views(after)).toHaveLength(1);
      });

      test("a restarted node can write its entries again instead, under the same epoch", async () => {
        const before = await node("a");
        await before.putSession(sessionEntry("s1"));
        const after = await node("a");
        expect(await after.putSession(sessionEntry("s1"))).toEqual({ kind: "stored" });
        expect(ids((await after.own()).sessions)).toEqual(["s1"]);
        expect((await before.own()).sessions).toEqual([]);
      });

      test("a session that has moved to another node meanwhile does not move with its room", async () => {
        const a = await node("a");
        const b = await node("b");
        const epoch = await dead("d", a, async (d) => {
          await d.claimRoom("daily");
          await d.putSession(sessionEntry("s1"));
          await d.putSession(sessionEntry("s2"));
        });
        await b.renew({ draining: false, sent: 0 });
        expect(await b.putSession(sessionEntry("s2", { epoch: 2 }))).toEqual({ kind: "stored" });
        expect(await a.takeOver({ nodeId: "d", epoch }, 10)).toMatchObject({
          sessions: [{ sessionId: "s1" }],
          more: false,
        });
        expect(await a.findSession("s2")).toMatchObject({ nodeId: "b", epoch: 2 });
      });

      test("when several nodes take over the thousand entries of a dead node, each entry goes to one node, and nothing is left", async () => {
        const nodes = await Promise.all(["a", "b", "c"].map((nodeId) => node(nodeId)));
        const [a] = nodes;
        if (!a) throw new Error("no node");
        const directory = store.directory("d");
        const { epoch } = await directory.register("wss://d");
        const all = Array.from({ length: 1_000 }, (_none, n) => `s${n}`);
        await inBatches(all.slice(0, 50), (_id, n) => directory.claimRoom(`r${n}`));
        await inBatches(all, (id, n) =>
          directory.putSession(sessionEntry(id, { roomId: n % 3 ? `r${n % 50}` : undefined })),
        );
        await runOut("d", epoch, a, ...nodes.slice(1));

        const taken = await Promise.all(nodes.map((each) => takeAll(each, "d", epoch)));
        expect(taken.flat().toSorted()).toEqual(all.toSorted());
        const held = await Promise.all(nodes.map(async (each) => ids((await each.own()).sessions)));
        expect(held).toEqual(taken.map((some) => some.toSorted()));
        const rooms = await Promise.all(nodes.map(async (each) => (await each.own()).rooms));
        expect(new Set(rooms.flat()).size).toBe(50);
        expect(rooms.flat()).toHaveLength(50);
        for (const each of nodes) {
          const own = await each.own();
          for (const { roomId, epoch: now } of own.sessions) {
            expect(now).toEqual(muchLaterThan(1));
            if (roomId !== undefined) expect(own.rooms).toContain(roomId);
          }
        }
      });
    });

    describe("handing over", () => {
      test("a node hands over a room with all its sessions, each under a new epoch", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.claimRoom("daily");
        await a.putSession(sessionEntry("s1", { epoch: 5 }));
        await a.putSession(sessionEntry("other", { roomId: "weekly" }));
        expect(await a.handOver([{ roomId: "daily" }], "b")).toEqual(handed("s1"));
        expect(await b.own()).toEqual({
          rooms: ["daily"],
          sessions: [sessionEntry("s1", { epoch: muchLaterThan(5) })],
        });
        expect(await a.own()).toEqual({ rooms: [], sessions: [sessionEntry("other", { roomId: "weekly" })] });
        expect(await a.putSession(sessionEntry("s1", { epoch: 5 }))).toEqual({
          kind: "fenced",
          epoch: muchLaterThan(5),
        });
        expect(await a.claimRoom("daily")).toEqual({ kind: "elsewhere", nodeId: "b", url: "wss://b" });
      });

      test("a node can hand over a single session that is in no room", async () => {
        const a = await node("a");
        const b = await node("b");
        await a.putSession(sessionEntry("s1", { roomId: undefined }));
        expect(await a.handOver([{ sessionId: "s1" }], "b")).toEqual(handed("s1"));
        expect(await b.findSession("s1")).toMatchObject({ nodeId: "b", epoch: muchLaterThan(1) });
      });

      test("one hand-over gives several rooms and sessions, and says which of them this node does not hold", async () => {
        const a = await node("a");
        const b = await node("b");
        for (const roomId of ["daily", "weekly"]) await a.claimRoom(roomId);
        await b.reclaimRoom("theirs");
        await a.putSession(sessionEntry("s1"));
        await a.putSession(sessionEntry("s2"));
        await a.putSession(sessionEntry("s3", { roomId: "weekly" }));
        await a.putSession(sessionEntry("s4", { roomId: undefined }));
        await a.putSession(sessionEntry("stays", { roomId: undefined }));
        const refused = [{ roomId: "theirs" }, { sessionId: "nobody" }];
        const what = [{ roomId: "daily" }, { roomId: "theirs" }, { sessionId: "s4" }, { sessionId: "nobody" }];
        const outcome = await a.handOver([...what, { roomId: "weekly" }], "b");
        expect(outcome).toMatchObject({ kind: "handed", refused });
        expect(outcome.kind === "handed" && outcome.sessionIds.toSorted()).toEqual(["s1", "s2", "s3", "s4"]);
        expect(ids((await b.own()).sessions)).toEqual(["s1", "s2", "s3", "s4"]);
        expect((await b.own()).rooms.toSorted()).toEqual(["daily", "theirs", "weekly"]);
        expect(ids((await a.own()).sessions)).toEqual(["stays"]);
        expect(await a.handOver([], "b")).toEqual(handed());
      });

      test("a hand-over to an unknown node or to the node itself is refused, and so is each entry of another node", async () => {
        const a = await node("a");
        const b = await node("b");
        await dead("d", a, async () => undefined);
        await b.renew({ draining: false, sent: 0 });
        await a.claimRoom("daily");
        await a.putSession(sessionEntry("s1"));
        const refused = { kind: "refused" };
        for (const receiver of ["nobody", "a", "d"]) {
          expect(await a.handOver([{ roomId: "daily" }], receiver)).toEqual(refused);
          expect(await a.handOver([{ sessionId: "s1" }], receiver)).toEqual(refused);
        }
        const entries = [{ roomId: "daily" }, { sessionId: "s1" }, { roomId: "nowhere" }, { sessionId: "nobody" }];
        for (const entry of entries)
          expect(await b.handOver([entry], "a")).toEqual({ kind: "handed", sessionIds: [], refused: [entry] });
        expect(await a.findSession("s1")).toMatchObject({ nodeId: "a", epoch: 1 });
      });
    });
  });
}

/** The answer to a hand-over when the node held everything that it gave. */
function handed(...sessionIds: string[]): Awaited<ReturnType<Directory["handOver"]>> {
  return { kind: "handed", sessionIds, refused: [] };
}

/** Number of calls at the same time: few enough that a store on a busy machine answers each within its second. */
const BATCH = 100;

async function inBatches(all: readonly string[], act: (id: string, n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < all.length; from += BATCH) {
    await Promise.all(all.slice(from, from + BATCH).map((id, n) => act(id, from + n)));
  }
}

/** Shorter than the interval at which a node must renew its lease in any store under test, milliseconds. */
const LEASE_STEP_MS = 150;

async function takeAll(by: Directory, nodeId: string, epoch: number): Promise<string[]> {
  const all: string[] = [];
  for (;;) {
    const taken = await by.takeOver({ nodeId, epoch }, 20);
    if (taken.kind !== "taken") throw new Error(taken.kind);
    all.push(...taken.sessions.map(({ sessionId }) => sessionId));
    if (!taken.more) return all;
  }
}
