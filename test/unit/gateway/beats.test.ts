import { expect, test } from "vitest";
import { Beats } from "../../../src/gateway/beats.js";

const PACE = { aliveMs: 3_500, probeMs: 10_000, isStretched: false };

test("a watched client gives a sign of life every 3.5 s, and every second one is a ping", () => {
  const { aliveIntervalMs, watchedIntervalMs } = new Beats(30_000, PACE);
  expect([aliveIntervalMs, watchedIntervalMs]).toEqual([3_500, 7_000]);
});

test("no interval is longer than that of a client that nobody watches, or than the time until the page is probed", () => {
  const slow = new Beats(2_000, PACE);
  expect([slow.aliveIntervalMs, slow.watchedIntervalMs]).toEqual([2_000, 2_000]);
  const probed = new Beats(30_000, { ...PACE, probeMs: 2_000 });
  expect([probed.aliveIntervalMs, probed.watchedIntervalMs]).toEqual([1_400, 1_400]);
});

test.each([
  { now: 10_000, isWatched: true, terms: undefined },
  { now: 10_010, isWatched: true, terms: undefined },
  { now: 10_490, isWatched: false, terms: undefined },
  { now: 10_100, isWatched: true, terms: { nextMs: 3_400 } },
  { now: 10_400, isWatched: true, terms: { nextMs: 3_600 } },
  { now: 10_100, isWatched: false, terms: { nextMs: 29_900 } },
])("a ping at $now (watched: $isWatched) moves the next one to the nearest beginning of a slot", (one) => {
  const { now, isWatched, terms } = one;
  expect(new Beats(30_000, PACE).termsFor(isWatched, now, isWatched ? 3_500 : 30_000)).toEqual(terms);
});

test("when the budget makes the intervals longer, every pong to a watched client says so", () => {
  const beats = new Beats(30_000, { aliveMs: 7_000, probeMs: 20_000, isStretched: true });
  expect(beats.termsFor(true, 10_000, 3_500)).toEqual({ nextMs: 7_000, aliveIntervalMs: 7_000 });
  expect(beats.termsFor(false, 10_000, 30_000)).toBeUndefined();
});

test("a client that still has the longer intervals is told of the shorter ones", () => {
  expect(new Beats(30_000, PACE).termsFor(true, 10_000, 7_000)).toEqual({ nextMs: 3_500, aliveIntervalMs: 3_500 });
});

test("intervals of less than two slots are left alone", () => {
  expect(new Beats(900, PACE).termsFor(false, 10_100, 900)).toBeUndefined();
});
