import { expect, test } from "vitest";
import { WindowLimit } from "../../../src/kernel/window-limit.js";

test("a key may make so many attempts in a window, and the next one is refused", () => {
  const limit = new WindowLimit({ most: 3, windowMs: 1_000 });
  expect([0, 10, 20, 30].map((now) => limit.allow("ada", now))).toEqual([true, true, true, false]);
});

test("the attempts of one key do not count for another", () => {
  const limit = new WindowLimit({ most: 1, windowMs: 1_000 });
  expect(limit.allow("ada", 0)).toBe(true);
  expect(limit.allow("bob", 0)).toBe(true);
  expect(limit.allow("ada", 1)).toBe(false);
});

test("a window ends by the clock of its first attempt, and refused attempts do not make it longer", () => {
  const limit = new WindowLimit({ most: 1, windowMs: 1_000 });
  expect(limit.allow("ada", 500)).toBe(true);
  expect(limit.allow("ada", 1_499)).toBe(false);
  expect(limit.allow("ada", 1_500)).toBe(true);
  expect(limit.allow("ada", 1_501)).toBe(false);
});

test("windows that have ended are removed with the next attempt of any key", () => {
  const limit = new WindowLimit({ most: 1, windowMs: 1_000 });
  for (let n = 0; n < 50; n += 1) limit.allow(`user-${n}`, n);
  expect(limit.size).toBe(50);
  limit.allow("ada", 1_024);
  expect(limit.size).toBe(26);
  limit.allow("ada", 5_000);
  expect(limit.size).toBe(1);
});

test("a key whose window was begun again does not keep older windows in memory", () => {
  const limit = new WindowLimit({ most: 1, windowMs: 1_000 });
  limit.allow("ada", 0);
  limit.allow("bob", 600);
  limit.allow("ada", 1_000);
  expect(limit.size).toBe(2);
  limit.allow("ada", 1_600);
  expect(limit.size).toBe(1);
});

test("no more keys are remembered than the limit allows: the oldest begins anew", () => {
  const limit = new WindowLimit({ most: 1, windowMs: 1_000, maxKeys: 2 });
  for (const key of ["ada", "bob", "cy"]) limit.allow(key, 0);
  expect(limit.size).toBe(2);
  expect(limit.allow("bob", 1)).toBe(false);
  expect(limit.allow("cy", 1)).toBe(false);
  expect(limit.allow("ada", 1)).toBe(true);
});
