import { exec } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { runAll } from "./parallel-runs.js";
import { MUTATIONS } from "./mutations.js";
import { describeFailure } from "./report.js";
import type { Outcome } from "./simulation.js";

/** The simulation must notice each mutation within this number of seeds, each of so many simulated minutes. */
const MOST_SEEDS = 20;
const MINUTES = 1_000;

/** The first run that fails with the mutation. */
async function firstFailure(mutation: string): Promise<Outcome | undefined> {
  const { minutes = MINUTES, from = 1 } = MUTATIONS[mutation] ?? {};
  const jobs = Array.from({ length: MOST_SEEDS }, (_, index) => ({ seed: from + index, minutes, mutation }));
  let failed: Outcome | undefined;
  await runAll(jobs, (outcome) => {
    if (outcome.failure) failed ??= outcome;
    return !failed;
  });
  return failed;
}

test.each(Object.entries(MUTATIONS))("the simulation notices: %s", async (name, { breaks }) => {
  const failed = await firstFailure(name);
  expect(failed, `not within ${MOST_SEEDS} seeds`).toBeDefined();
  expect(breaks).toContain(failed?.failure?.invariant);
});

test("the report of a failed seed has a command that repeats the failure", async () => {
  const mutation = "double leave";
  const failed = await firstFailure(mutation);
  const report = failed ? describeFailure(failed, { minutes: MINUTES, mutation }) : "";
  const [, command = ""] = /again: npm run (.*)/.exec(report) ?? [];
  const again = promisify(exec)(`npm run --silent ${command}`);
  await expect(again).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining(report) as string });
});
