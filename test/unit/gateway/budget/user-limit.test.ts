import { expect, test } from "vitest";
import { UserLimit } from "../../../../src/gateway/budget/user-limit.js";
import { Refusals } from "../../../../src/kernel/refusals.js";

function limitOf({ most, sessions }: { most: number; sessions: number }) {
  let now = 0;
  const clock = { mono: () => now };
  const refusals = new Refusals({ log: { warn: () => {} }, clock });
  const limit = new UserLimit({ clock, most, sessionsOf: () => sessions, refusals });
  return { limit, refusals, wait: (ms: number) => (now += ms) };
}

test("a user with all sessions that one may have begins no other", () => {
  const { limit, refusals } = limitOf({ most: 3, sessions: 3 });
  expect(() => limit.assertMayBegin("ada", "10.0.0.1")).toThrow("This user has 3 sessions");
  expect(refusals.counts.get("user")).toBe(1);
});

test("a user who begins and ends sessions again and again must wait", () => {
  const { limit, wait } = limitOf({ most: 20, sessions: 0 });
  for (let n = 0; n < 120; n += 1) limit.assertMayBegin("ada", undefined);
  expect(() => limit.assertMayBegin("ada", undefined)).toThrow(/within a minute/);
  limit.assertMayBegin("bob", undefined);
  wait(60_000);
  limit.assertMayBegin("ada", undefined);
});
