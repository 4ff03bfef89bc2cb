import { expect, test } from "vitest";
import { backOff } from "../../../src/kernel/back-off.js";

const PLAIN = { firstMs: 1_000, mostMs: 60_000, jitter: 0 };
const JITTERED = { ...PLAIN, jitter: 0.5 };

test("each failure doubles the pause until it is as long as allowed", () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backOff(failures, PLAIN));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test("any number of failures gives a pause", () => {
  expect(backOff(100_000, PLAIN)).toBe(60_000);
});

test("a first pause that is longer than allowed is cut", () => {
  expect(backOff(1, { ...PLAIN, mostMs: 300 })).toBe(300);
});

test("jitter shortens a pause by up to its share, and never lengthens it", () => {
  expect([0, 0.5, 1].map((random) => backOff(3, JITTERED, random))).toEqual([4_000, 3_000, 2_000]);
  expect([0, 1].map((random) => backOff(50, JITTERED, random))).toEqual([60_000, 30_000]);
});

test("without jitter chance changes nothing", () => {
  expect(backOff(2, PLAIN, 0.9)).toBe(2_000);
});
