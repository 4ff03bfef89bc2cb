import { expect, test } from "vitest";
import {
  costsAt,
  largest,
  mostSessions,
  sharesOf,
  sum,
  type Costs,
  type Habits,
} from "../../../bench/cluster/model.js";

const HABITS: Habits = { sessionSeconds: 1_000, callsPerSession: 0.5, sessionsPerNode: 10_000, renewSeconds: 2 };
const costs = (nodes: number, redirect: number): Costs => ({
  nodes,
  renew: 10 * nodes,
  enter: 300,
  redirect,
  leave: 100,
  call: 400,
  takeOver: 50,
});
const MEASURED = [costs(10, 200), costs(30, 400), costs(100, 1_100)];

test("a cost between and beyond the measured numbers of nodes lies on their line", () => {
  expect(costsAt(MEASURED, 50)).toMatchObject({ nodes: 50, enter: 300 });
  expect(costsAt(MEASURED, 50).renew).toBeCloseTo(500);
  expect(costsAt(MEASURED, 50).redirect).toBeCloseTo(600);
  expect(costsAt(MEASURED, 200).redirect).toBeCloseTo(2_100);
});

test("a falling line never gives a negative cost", () => {
  expect(costsAt([costs(10, 100), costs(20, 10)], 100).redirect).toBe(0);
});

test("the shares are what people do, times what it costs", () => {
  const shares = sharesOf(MEASURED, 100_000, HABITS);
  // 100 sessions begin and end each second, nine of ten at another node than the room's; 50 calls; 5 renewals.
  expect(shares.enter).toBeCloseTo(0.03);
  expect(shares.leave).toBeCloseTo(0.01);
  expect(shares.redirect).toBeCloseTo(0.018);
  expect(shares.call).toBeCloseTo(0.02);
  expect(shares.renew).toBeCloseTo(0.0005);
  expect(sum(shares)).toBeCloseTo(0.0785);
  expect(largest(shares)).toBe("enter");
});

test("one node sends nobody to another node", () => {
  expect(sharesOf(MEASURED, 5_000, HABITS).redirect).toBe(0);
});

test("the most sessions are those of the last whole node below the limit", () => {
  const most = mostSessions([MEASURED], HABITS, 0.6);
  expect(sum(sharesOf(MEASURED, most, HABITS))).toBeLessThanOrEqual(0.6);
  expect(sum(sharesOf(MEASURED, most + 10_000, HABITS))).toBeGreaterThan(0.6);
  expect(mostSessions([MEASURED], HABITS, 0)).toBe(0);
});

test("of several masters the busiest one decides", () => {
  const idle = MEASURED.map((measured) => ({ ...measured, enter: 1, redirect: 0, leave: 1, call: 1 }));
  expect(mostSessions([idle, MEASURED], HABITS, 0.6)).toBe(mostSessions([MEASURED], HABITS, 0.6));
  expect(mostSessions([idle], HABITS, 0.6)).toBeGreaterThan(mostSessions([MEASURED], HABITS, 0.6));
});
