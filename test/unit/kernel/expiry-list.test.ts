import fc from "fast-check";
import { expect, test } from "vitest";
import { ExpiryEntry, ExpiryList } from "../../../src/kernel/expiry-list.js";

test("due items come in the order of their deadlines, in any order of insertion", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(1000), fc.boolean()), { maxLength: 200 }), (steps) => {
      const list = new ExpiryList<number>();
      const entries = Array.from({ length: 21 }, (_, index) => new ExpiryEntry(index));
      const model = new Map<number, number>();
      for (const [index, dueAt, remove] of steps) {
        const entry = entries[index];
        if (!entry) continue;
        if (remove) {
          entry.remove();
          model.delete(index);
        } else {
          list.put(entry, dueAt);
          model.set(index, dueAt);
        }
        expect(list.size).toBe(model.size);
      }
      for (const now of [0, 250, 500, 1000]) {
        const due = list.due(now);
        const expected = [...model].filter(([, dueAt]) => dueAt <= now).map(([index]) => index);
        expect(new Set(due)).toEqual(new Set(expected));
        const deadlines = due.map((index) => model.get(index) ?? -1);
        expect(deadlines).toEqual(deadlines.toSorted((a, b) => a - b));
      }
      expect(list.nextDueAt).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
    }),
  );
});

test("an entry is in one list at a time", () => {
  const first = new ExpiryList<string>();
  const second = new ExpiryList<string>();
  const entry = new ExpiryEntry("a");
  first.put(entry, 1);
  second.put(entry, 2);
  expect(first.size).toBe(0);
  expect(second.due(2)).toEqual(["a"]);
  first.remove(entry);
  expect(second.size).toBe(1);
});
