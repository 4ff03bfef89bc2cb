import type { Job } from "./parallel-runs.js";
import type { Outcome } from "./simulation.js";

/** Describes a failed run: when which invariant failed, the command that repeats the run, and what happened before. */
export function describeFailure(
  { seed, failure, trace, digest }: Outcome,
  { minutes, mutation }: Omit<Job, "seed">,
): string {
  if (!failure) return `seed ${seed}: every invariant held`;
  const { invariant, message, atMs } = failure;
  const mutated = mutation === undefined ? "" : ` --mutation "${mutation}"`;
  return [
    `seed ${seed}: ${invariant} does not hold after ${(atMs / 60_000).toFixed(1)} simulated minutes (digest ${digest})`,
    `  ${message}`,
    `  again: npm run simulate -- --seed ${seed} --minutes ${minutes}${mutated}`,
    "  what happened last:",
    ...trace.map((line) => `    ${line}`),
  ].join("\n");
}

/** The counts of all runs together. */
export function totals(outcomes: readonly Outcome[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { counts } of outcomes) {
    for (const [what, count] of counts) sums.set(what, (sums.get(what) ?? 0) + count);
  }
  return sums;
}

/** The counts of all runs as text: by kind, most frequent first, with the number of runs. */
export function describeCounts(outcomes: readonly Outcome[]): string {
  const kindOf = (what: string): string => what.slice(0, what.indexOf(":"));
  return [...totals(outcomes)]
    .toSorted(([a, one], [b, other]) => kindOf(a).localeCompare(kindOf(b)) || other - one)
    .map(([what, count]) => {
      const runs = outcomes.filter(({ counts }) => counts.has(what)).length;
      return `  ${String(count).padStart(9)}  ${what}${runs < outcomes.length ? ` (in ${runs} runs)` : ""}`;
    })
    .join("\n");
}
