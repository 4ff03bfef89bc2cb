import type { Outcome } from "./simulation.js";

/** What a person needs to know of a run that failed: where, what, how to see it again, and what happened before. */
export function describeFailure({ seed, failure, trace }: Outcome, minutes: number): string {
  if (!failure) return `seed ${seed}: every invariant held`;
  const { invariant, message, atMs } = failure;
  return [
    `seed ${seed}: ${invariant} does not hold after ${(atMs / 60_000).toFixed(1)} simulated minutes`,
    `  ${message}`,
    `  again: npm run simulate -- --seed ${seed} --minutes ${minutes}`,
    "  what happened last:",
    ...trace.map((line) => `    ${line}`),
  ].join("\n");
}

/** How often what happened in all runs, most frequent first. */
export function describeCounts(outcomes: readonly Outcome[]): string {
  const totals = new Map<string, number>();
  for (const { counts } of outcomes) {
    for (const [what, count] of counts) totals.set(what, (totals.get(what) ?? 0) + count);
  }
  return [...totals]
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, count]) => `  ${String(count).padStart(9)}  ${what}`)
    .join("\n");
}
