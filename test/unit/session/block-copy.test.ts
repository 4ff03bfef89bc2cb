import { expect, test } from "vitest";
import type { BlockRecord } from "../../../src/ports/block-list.js";
import { BlockCopy } from "../../../src/session/block-copy.js";

const block = (userId: string, remainingMs = 60_000): BlockRecord => ({
  userId,
  blockedAt: 0,
  expiresAt: remainingMs,
  remainingMs,
  by: { name: "nobody" },
});
const change = (number: number, generation = 1) => ({ generation, number });
const usersOf = (copy: BlockCopy, now = 0): string[] => copy.all(now).map(({ userId }) => userId);

test("of two changes the later one counts, in whatever order they arrive", () => {
  const copy = new BlockCopy();
  copy.change(change(2), { userId: "ada" }, undefined, 0);
  copy.change(change(1), { userId: "ada" }, block("ada"), 0);
  expect(usersOf(copy)).toEqual([]);
  copy.change(change(4), { userId: "ada" }, block("ada"), 0);
  copy.change(change(3), { userId: "ada" }, undefined, 0);
  expect(usersOf(copy)).toEqual(["ada"]);
});

test("a reading that began before a change does not undo it", () => {
  const copy = new BlockCopy();
  copy.replace({ change: change(1), blocks: [block("ada")] }, 0, 0);
  const since = copy.latest;
  copy.change(change(2), { userId: "bob" }, block("bob"), 0);
  copy.change(change(3), { userId: "ada" }, undefined, 0);
  expect(copy.replace({ change: change(1), blocks: [block("ada")] }, since, 0)).toEqual([]);
  expect(usersOf(copy)).toEqual(["bob"]);
});

test("a reading tells the blocks that are new, and removes those that are gone", () => {
  const copy = new BlockCopy();
  copy.replace({ change: change(2), blocks: [block("ada"), block("bob")] }, 0, 0);
  const longer = block("bob", 90_000);
  const found = copy.replace({ change: change(5), blocks: [longer, block("eve")] }, copy.latest, 0);
  expect(found).toEqual([longer, block("eve")]);
  expect(usersOf(copy)).toEqual(["bob", "eve"]);
});

test("a block ends by itself", () => {
  const copy = new BlockCopy();
  copy.change(change(1), { userId: "ada" }, block("ada", 1_000), 500);
  expect(copy.find({ userId: "ada" }, 1_499)).toBeDefined();
  expect(copy.find({ userId: "ada" }, 1_500)).toBeUndefined();
  expect(usersOf(copy, 1_499)).toEqual(["ada"]);
  expect(usersOf(copy, 1_500)).toEqual([]);
});

test("a store that has begun anew, or went back to an earlier state, has lost changes", () => {
  const copy = new BlockCopy();
  copy.change(change(3), { userId: "ada" }, block("ada"), 0);
  const { latest } = copy;
  expect(copy.change(change(1, 2), { userId: "bob" }, block("bob"), 0)).toBe("unclear");
  for (const lost of [undefined, change(2), change(9, 2)]) {
    expect(copy.replace({ change: lost, blocks: [] }, latest, 0)).toBe("lost");
  }
  expect(usersOf(copy)).toEqual(["ada"]);
  copy.forgetChanges();
  expect(copy.replace({ change: change(9, 2), blocks: [block("ada")] }, copy.latest, 0)).toEqual([]);
  expect(usersOf(copy)).toEqual(["ada"]);
});

test("a list that has not changed since the last reading loses only the blocks that have ended", () => {
  const copy = new BlockCopy();
  copy.replace({ change: change(2), blocks: [block("ada", 1_000), block("bob")] }, 0, 0);
  expect(copy.lastRead).toEqual(change(2));
  copy.change(change(4), { userId: "eve" }, block("eve"), 0);
  // Change 3 may have been missed, so the next reading must not ask from 4.
  expect(copy.lastRead).toEqual(change(2));
  copy.removeEnded(1_000);
  expect(usersOf(copy)).toEqual(["bob", "eve"]);
});
