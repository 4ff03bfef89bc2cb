import { expect, test } from "vitest";
import { describeFailure } from "./report.js";
import { simulate } from "./simulation.js";

/** In these runs an invariant once did not hold, or a check of the simulation itself was wrong. */
const REMEMBERED = [16, 56, 135, 160, 177, 186, 1026, 1036, 1224, 1409] as const;
/** How many seeds are run besides, and for how long, in simulated minutes. */
const SEEDS = 30;
const MINUTES = 1_000;

test("the same seed gives the same run", async () => {
  const [first, second] = [await simulate({ seed: 7, minutes: 200 }), await simulate({ seed: 7, minutes: 200 })];
  expect(second.digest).toBe(first.digest);
  expect(second.events).toBe(first.events);
  const other = await simulate({ seed: 8, minutes: 200 });
  expect(other.digest).not.toBe(first.digest);
});

test.each([1, 2, 3, 4])("leaving out the watches that find nothing changes nothing (seed %i)", async (seed) => {
  const all = await simulate({ seed, minutes: 200, everyWatch: true });
  const some = await simulate({ seed, minutes: 200 });
  expect(some.digest).toBe(all.digest);
  expect(some.events).toBeLessThan(all.events);
});

test(`every invariant holds through ${MINUTES} minutes of ${SEEDS + REMEMBERED.length} seeds`, async () => {
  const seeds = [...REMEMBERED, ...Array.from({ length: SEEDS }, (_, index) => index + 1)];
  for (const seed of seeds) {
    const outcome = await simulate({ seed, minutes: MINUTES });
    expect(outcome.failure, describeFailure(outcome, MINUTES)).toBeUndefined();
  }
}, 180_000);
