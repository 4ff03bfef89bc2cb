import { expect, test } from "vitest";
import { AT_LEAST } from "./expected.js";
import { runAll, type Job } from "./parallel-runs.js";
import { MISHAPS } from "./mishaps.js";
import { ACTIONS } from "./people/actions.js";
import { describeFailure, totals } from "./report.js";
import { simulate, type Outcome } from "./simulation.js";

const SEEDS = 14;
const MINUTES = 1_000;

async function outcomesOf(jobs: readonly Job[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await runAll(jobs, (outcome) => void outcomes.push(outcome));
  return outcomes.toSorted((a, b) => a.seed - b.seed);
}

test("the same seed gives the same run, in this process and in another", async () => {
  const job = { seed: 7, minutes: 200 };
  const [first, second, [elsewhere]] = [await simulate(job), await simulate(job), await outcomesOf([job])];
  expect(second.digest).toBe(first.digest);
  expect(elsewhere?.digest).toBe(first.digest);
  expect(elsewhere?.events).toBe(first.events);
  const other = await simulate({ seed: 8, minutes: 200 });
  expect(other.digest).not.toBe(first.digest);
});

test("a run gives the same result when it leaves out the watches that find nothing", async () => {
  const jobs = [1, 2, 3, 4, 5, 6].map((seed) => ({ seed, minutes: 200 }));
  const all = await outcomesOf(jobs.map((job) => ({ ...job, everyWatch: true })));
  const some = await outcomesOf(jobs);
  expect(some.map(({ digest }) => digest)).toEqual(all.map(({ digest }) => digest));
  for (const [index, { events }] of some.entries()) expect(events).toBeLessThan(all[index]?.events ?? 0);
});

test(`every invariant holds in ${SEEDS} seeds of ${MINUTES} minutes, and every action and mishap happens`, async () => {
  const jobs = Array.from({ length: SEEDS }, (_, index) => ({ seed: index + 1, minutes: MINUTES }));
  const outcomes = await outcomesOf(jobs);
  const failed = outcomes.filter(({ failure }) => failure);
  expect(failed, failed.map((outcome) => describeFailure(outcome, { minutes: MINUTES })).join("\n\n")).toEqual([]);

  const happened = totals(outcomes);
  const expected: Record<string, number> = { ...AT_LEAST };
  for (const [name] of ACTIONS) expected[`action: ${name}`] ??= SEEDS;
  for (const { name } of MISHAPS) expected[`mishap: ${name}`] ??= SEEDS / 2;
  const tooSeldom = Object.entries(expected).flatMap(([what, least]) => {
    const count = happened.get(what) ?? 0;
    return count < least ? [`${what}: ${count}, not ${least}`] : [];
  });
  expect(tooSeldom, "these happen too seldom to be tested").toEqual([]);
  for (const { seed, counts } of outcomes) {
    for (const what of IN_EVERY_RUN) expect(counts.get(what), `${what}, in seed ${seed}`).toBeGreaterThan(0);
  }
});

/** Counts that must be above zero in each run. */
const IN_EVERY_RUN = [
  "session: joined",
  "session: resumed",
  "session: ghost: connection_lost",
  "session: cleaned: clean",
  "service: credited a stall",
  "check: V1 served",
  "check: V2 ghosts without a live page",
  "check: V4 views",
  "check: V5 cleaned",
  "check: V6 gauges",
  "check: V7 closed",
  "check: V7 no timers",
  "check: V7 pages",
] as const;
