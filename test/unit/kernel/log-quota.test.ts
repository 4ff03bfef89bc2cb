import { expect, test } from "vitest";
import { LogQuota } from "../../../src/kernel/log-quota.js";

test("the first line of a minute is written, and the first of the next one tells how many were left out", () => {
  const quota = new LogQuota();
  expect(quota.take("a", 0)).toBe(0);
  expect(quota.take("a", 10)).toBeUndefined();
  expect(quota.take("a", 59_999)).toBeUndefined();
  expect(quota.take("b", 59_999)).toBe(0);
  expect(quota.take("a", 60_000)).toBe(2);
  expect(quota.take("a", 60_001)).toBeUndefined();
});

test("several lines of a minute are written when the quota says so", () => {
  const quota = new LogQuota({ most: 3 });
  expect(Array.from({ length: 5 }, () => quota.take("a", 0))).toEqual([0, 0, 0, undefined, undefined]);
});

test("lines that another quota has left out are counted too", () => {
  const quota = new LogQuota({ most: 2 });
  quota.leaveOut("a", 0);
  quota.leaveOut("a", 1);
  expect(quota.take("a", 2)).toBe(0);
  quota.leaveOut("a", 3);
  expect(quota.take("a", 60_000)).toBe(3);
  expect(quota.take("a", 60_001)).toBe(0);
});

test("no more keys are remembered than allowed, and the oldest is forgotten first", () => {
  const quota = new LogQuota({ maxKeys: 2 });
  for (const key of ["a", "b", "c"]) quota.take(key, 0);
  expect(quota.size).toBe(2);
  expect(quota.take("b", 1)).toBeUndefined();
  expect(quota.take("a", 1)).toBe(0);
});
