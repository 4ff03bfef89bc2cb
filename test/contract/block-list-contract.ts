import { describe, expect, test } from "vitest";
import type { BlockList, BlockReading, BlockRecord, NewBlock } from "../../src/ports/block-list.js";

/** Two nodes' access to the same blocks. `pass` lets time pass; `lose` makes the store lose its data, if it can. */
export interface BlockListUnderTest {
  here: BlockList;
  there: BlockList;
  pass: (ms: number) => Promise<void>;
  lose?: () => Promise<void>;
}

const MINUTE_MS = 60_000;
const BY = { name: "ADMIN_TOKEN", address: "192.0.2.1" };
const MANY = 1_000;

const blockOf = (userId: string, more: Partial<NewBlock> = {}): NewBlock => ({
  userId,
  durationMs: MINUTE_MS,
  by: BY,
  ...more,
});

const targetsIn = (blocks: readonly BlockRecord[]): string[] =>
  blocks.map(({ userId, roomId }) => `${userId} in ${roomId ?? "all rooms"}`).toSorted();

async function listOf(store: BlockList): Promise<BlockReading> {
  const reading = await store.read(undefined);
  if (reading === "unchanged") throw new Error("nothing was known");
  return reading;
}

/**
 * What every store behind the {@link BlockList} port must do.
 *
 * @param create makes an empty store, and releases what the store needs when the test has ended
 */
export function blockListContract(name: string, create: () => BlockListUnderTest | Promise<BlockListUnderTest>): void {
  describe(`the blocks in ${name}`, () => {
    test("a list without blocks has no changes", async () => {
      const { here } = await create();
      expect(await here.read(undefined)).toEqual({ change: undefined, blocks: [] });
    });

    test("both nodes read a block, with its end, the time that is left and who asked for it", async () => {
      const { here, there } = await create();
      const put = await here.put(blockOf("ada"), MANY);
      if (put.kind !== "put") throw new Error("full");
      expect(put.block).toMatchObject({ userId: "ada", by: BY, expiresAt: put.block.blockedAt + MINUTE_MS });
      expect(put.block).not.toHaveProperty("roomId");
      const { change, blocks } = await listOf(there);
      expect(change).toEqual(put.change);
      expect(blocks).toEqual([{ ...put.block, remainingMs: expect.any(Number) }]);
      expect(blocks[0]?.remainingMs).toBeGreaterThan(MINUTE_MS - 5_000);
      expect(blocks[0]?.remainingMs).toBeLessThanOrEqual(MINUTE_MS);
    });

    test("one user can be blocked everywhere and in several rooms, and each block is lifted by itself", async () => {
      const { here, there } = await create();
      for (const target of [{}, { roomId: "daily" }, { roomId: "weekly" }])
        await here.put(blockOf("ada", target), MANY);
      expect(targetsIn((await listOf(there)).blocks)).toEqual(["ada in all rooms", "ada in daily", "ada in weekly"]);
      expect(await there.remove({ userId: "ada", roomId: "daily" })).toMatchObject({ kind: "removed" });
      expect(await here.remove({ userId: "ada" })).toMatchObject({ kind: "removed" });
      expect(await here.remove({ userId: "ada" })).toEqual({ kind: "unknown" });
      expect(targetsIn((await listOf(here)).blocks)).toEqual(["ada in weekly"]);
    });

    test("ids of any text stay apart and come back unchanged", async () => {
      const { here, there } = await create();
      const ids = ["a b", "a", "会议室", "auth0|x", "a%20b", "ada+x@example.com", "👩‍🚀", "-", "b"];
      for (const userId of ids) await here.put(blockOf(userId), MANY);
      for (const roomId of ids) await here.put(blockOf("a", { roomId }), MANY);
      const expected = [...ids.map((id) => `${id} in all rooms`), ...ids.map((id) => `a in ${id}`)];
      expect(targetsIn((await listOf(there)).blocks)).toEqual(expected.toSorted());
      for (const userId of ids) expect(await there.remove({ userId })).toMatchObject({ kind: "removed" });
      expect(targetsIn((await listOf(here)).blocks)).toEqual(ids.map((id) => `a in ${id}`).toSorted());
    });

    test("a second block of the same target replaces the first one", async () => {
      const { here, there } = await create();
      await here.put(blockOf("ada"), 1);
      await there.put(blockOf("ada", { durationMs: 1_000, by: { name: "application" } }), 1);
      const { blocks } = await listOf(here);
      expect(blocks).toHaveLength(1);
      expect(blocks[0]).toMatchObject({ by: { name: "application" } });
      expect(blocks[0]?.remainingMs).toBeLessThanOrEqual(1_000);
    });

    test("a full list takes no further target until a block ends or is lifted", async () => {
      const { here, there, pass } = await create();
      await here.put(blockOf("ada", { durationMs: 100 }), 2);
      await here.put(blockOf("bob"), 2);
      expect(await there.put(blockOf("eve"), 2)).toEqual({ kind: "full" });
      await pass(100);
      expect(await there.put(blockOf("eve"), 2)).toMatchObject({ kind: "put" });
      expect(await there.put(blockOf("joe"), 2)).toEqual({ kind: "full" });
      await here.remove({ userId: "bob" });
      expect(await there.put(blockOf("joe"), 2)).toMatchObject({ kind: "put" });
      expect(targetsIn((await listOf(here)).blocks)).toEqual(["eve in all rooms", "joe in all rooms"]);
    });

    test("a block ends by itself, and cannot be lifted after that", async () => {
      const { here, there, pass } = await create();
      await here.put(blockOf("ada", { durationMs: 100 }), MANY);
      await pass(100);
      expect((await listOf(there)).blocks).toEqual([]);
      expect(await there.remove({ userId: "ada" })).toEqual({ kind: "unknown" });
    });

    test("every change has the next number, whichever node makes it; what changes nothing has none", async () => {
      const { here, there } = await create();
      const numbers: number[] = [];
      for (const node of [here, there, here]) {
        const put = await node.put(blockOf("ada"), MANY);
        if (put.kind === "put") numbers.push(put.change.number);
      }
      const removed = await there.remove({ userId: "ada" });
      if (removed.kind === "removed") numbers.push(removed.change.number);
      await here.remove({ userId: "ada" });
      await here.put(blockOf("ada"), 0);
      expect(numbers).toEqual([1, 2, 3, 4]);
      expect((await listOf(here)).change?.number).toBe(4);
    });

    test("a node that knows the latest change reads nothing, until there is another one", async () => {
      const { here, there } = await create();
      const put = await here.put(blockOf("ada"), MANY);
      if (put.kind !== "put") throw new Error("full");
      expect(await there.read(put.change)).toBe("unchanged");
      await here.remove({ userId: "ada" });
      expect(await there.read(put.change)).toMatchObject({ blocks: [] });
    });

    test("a restored block ends when it would have ended; a block that is there stays as it is", async () => {
      const { here, there, pass } = await create();
      await here.put(blockOf("ada"), MANY);
      await here.put(blockOf("bob", { roomId: "daily", durationMs: 5_000 }), MANY);
      const known = (await listOf(here)).blocks;
      await here.remove({ userId: "bob", roomId: "daily" });
      await there.put(blockOf("ada", { by: { name: "application" } }), MANY);
      await here.restore([
        ...known,
        ...known.map((each) => ({ ...each, userId: "joe", remainingMs: 100 })),
        ...known.map((each) => ({ ...each, userId: "eve", remainingMs: 0 })),
      ]);
      expect(targetsIn((await listOf(there)).blocks)).toEqual([
        "ada in all rooms",
        "bob in daily",
        "joe in all rooms",
        "joe in daily",
      ]);
      await pass(100);
      const { blocks } = await listOf(there);
      expect(targetsIn(blocks)).toEqual(["ada in all rooms", "bob in daily"]);
      const [ada, bob] = blocks.toSorted((a, b) => (a.userId < b.userId ? -1 : 1));
      expect(ada?.by).toEqual({ name: "application" });
      expect(bob?.by).toEqual(BY);
      expect(bob?.remainingMs).toBeLessThanOrEqual(5_000);
    });

    test("a store that has lost its data begins another generation", async () => {
      const { here, there, lose } = await create();
      const before = await here.put(blockOf("ada"), MANY);
      await lose?.();
      const after = await there.put(blockOf("bob"), MANY);
      if (before.kind !== "put" || after.kind !== "put") throw new Error("full");
      if (lose) expect(after.change.generation).toBeGreaterThan(before.change.generation);
      else expect(after.change.generation).toBe(before.change.generation);
    });
  });
}
