import { expect, test } from "vitest";
import { BURST_BYTES, ReplyBudget } from "../../../src/session/reply-budget.js";

test("four megabytes may be sent at once, and then one each second", () => {
  const budget = new ReplyBudget();
  expect(budget.hasSome(1_000)).toBe(true);
  budget.spend(BURST_BYTES);
  expect(budget.hasSome(1_000)).toBe(false);
  expect(budget.hasSome(1_001)).toBe(true);
  budget.spend(1_001_000);
  expect(budget.hasSome(2_000)).toBe(false);
  expect(budget.hasSome(2_002)).toBe(true);
});

test("a session that waits saves up no more than a burst", () => {
  const budget = new ReplyBudget();
  budget.spend(1_000);
  expect(budget.hasSome(3_600_000)).toBe(true);
  budget.spend(BURST_BYTES);
  expect(budget.hasSome(3_600_000)).toBe(false);
});
