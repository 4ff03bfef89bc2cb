/**
 * Runs the simulation: many seeds, or one, or what sessions cost by their number.
 *
 *     npm run simulate -- [--seeds N] [--from S] [--minutes M] [--threads T] [--mutation NAME]
 *     npm run simulate -- --seed S [--minutes M] [--all] [--mutation NAME]
 *     npm run simulate -- --nodes [--seeds N] [--from S] [--minutes M]
 *     npm run simulate -- --cost [--sessions N]
 *
 * Exits with 1 when an invariant did not hold.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { measureCost } from "../test/simulation/cost/measure.js";
import { describeCost, writeCostPlot } from "../test/simulation/cost/plot.js";
import { runAll, type Job } from "../test/simulation/parallel-runs.js";
import { MUTATIONS } from "../test/simulation/mutations.js";
import { describeCounts, describeFailure } from "../test/simulation/report.js";
import { ClusterRun } from "../test/simulation/nodes/cluster-run.js";
import { simulate, type Outcome } from "../test/simulation/simulation.js";

const COST_PLOT = new URL("../docs/simulation-cost.svg", import.meta.url);

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    minutes: { type: "string", default: "1000" },
    threads: { type: "string", default: String(availableParallelism()) },
    mutation: { type: "string" },
    all: { type: "boolean", default: false },
    cost: { type: "boolean", default: false },
    nodes: { type: "boolean", default: false },
    sessions: { type: "string", default: "1000000" },
  },
});

function numberOf(name: "seeds" | "from" | "seed" | "minutes" | "threads" | "sessions"): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 0) throw new RangeError(`--${name} must be a whole number`);
  return number;
}

function mutationNamed(name: string | undefined): (typeof MUTATIONS)[string] | undefined {
  if (name === undefined) return undefined;
  const mutation = MUTATIONS[name];
  if (!mutation) throw new RangeError(`--mutation is one of: ${Object.keys(MUTATIONS).join(", ")}`);
  return mutation;
}

async function runSeeds(first: number, count: number, job: Omit<Job, "seed">): Promise<boolean> {
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  let failures = 0;
  const jobs = Array.from({ length: count }, (_, index) => ({ ...job, seed: first + index }));
  const done = (outcome: Outcome): void => {
    outcomes.push(outcome);
    if (!outcome.failure) return;
    failures += 1;
    console.log(`${describeFailure(outcome, job)}\n`);
  };
  await runAll(jobs, done, numberOf("threads"));
  const seconds = (performance.now() - startedAt) / 1000;
  const events = outcomes.reduce((total, outcome) => total + outcome.events, 0);
  console.log(describeCounts(outcomes));
  console.log(
    `${count} seeds of ${job.minutes} minutes, ${events} events, in ${seconds.toFixed(0)} s: ${failures || "none"} failed`,
  );
  return failures === 0;
}

async function runSeed(job: Job): Promise<boolean> {
  const variants = mutationNamed(job.mutation)?.variants;
  const outcome = await simulate({ ...job, variants, keepTrace: values.all });
  if (values.all) console.log(outcome.trace.join("\n"));
  console.log(describeFailure(outcome, job));
  console.log(`digest ${outcome.digest}, ${outcome.events} events`);
  return outcome.failure === undefined;
}

/** Several nodes around one store; stops at the first seed that fails. */
async function runNodes(first: number, count: number, minutes: number): Promise<boolean> {
  const totals = new Map<string, number>();
  for (let seed = first; seed < first + count; seed++) {
    const { failure, trace, counts } = await new ClusterRun(seed).run(minutes);
    if (failure !== undefined) {
      console.log(`seed ${seed}: ${failure}\n${trace.join("\n")}`);
      console.log(`again: npm run simulate -- --nodes --from ${seed} --seeds 1 --minutes ${minutes}`);
      return false;
    }
    for (const [what, times] of counts) totals.set(what, (totals.get(what) ?? 0) + times);
  }
  console.log([...totals].map(([what, times]) => `${String(times).padStart(8)} ${what}`).join("\n"));
  console.log(`${count} seeds of ${minutes} minutes with several nodes: none failed`);
  return true;
}

async function runCost(most: number): Promise<boolean> {
  const samples = await measureCost(most, (line) => console.log(line));
  console.log(describeCost(samples));
  await writeCostPlot(COST_PLOT, samples);
  return true;
}

async function run(): Promise<boolean> {
  if (values.cost) return runCost(numberOf("sessions"));
  const { mutation } = values;
  mutationNamed(mutation);
  const minutes = numberOf("minutes");
  if (values.nodes) return runNodes(numberOf("from"), numberOf("seeds"), minutes);
  if (values.seed !== undefined) return runSeed({ seed: numberOf("seed"), minutes, mutation });
  return runSeeds(numberOf("from"), numberOf("seeds"), { minutes, mutation });
}

process.exitCode = (await run()) ? 0 : 1;
