/**
 * Runs the simulation: many seeds, or one, or what sessions cost by their number.
 *
 *     npm run simulate -- [--seeds N] [--from S] [--minutes M] | --seed S [--minutes M] [--all] | --cost [--sessions N]
 *
 * Exits with 1 when an invariant did not hold.
 */
import { parseArgs } from "node:util";
import { measureCost } from "../test/simulation/cost/measure.js";
import { describeCost, writeCostPlot } from "../test/simulation/cost/plot.js";
import { describeCounts, describeFailure } from "../test/simulation/report.js";
import { simulate, type Outcome } from "../test/simulation/simulation.js";

const COST_PLOT = new URL("../docs/simulation-cost.svg", import.meta.url);

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    minutes: { type: "string", default: "1000" },
    all: { type: "boolean", default: false },
    cost: { type: "boolean", default: false },
    sessions: { type: "string", default: "1000000" },
  },
});

function numberOf(name: "seeds" | "from" | "seed" | "minutes" | "sessions"): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 0) throw new RangeError(`--${name} must be a whole number`);
  return number;
}

/** Lets signals and output through between two seeds. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function runSeeds(first: number, count: number, minutes: number): Promise<boolean> {
  const startedAt = performance.now();
  const outcomes: Outcome[] = [];
  let failures = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await simulate({ seed, minutes });
    outcomes.push(outcome);
    if (outcome.failure) {
      failures += 1;
      console.log(`${describeFailure(outcome, minutes)}\n`);
    }
    await breathe();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const events = outcomes.reduce((total, outcome) => total + outcome.events, 0);
  console.log(describeCounts(outcomes));
  console.log(
    `${count} seeds of ${minutes} minutes, ${events} events, in ${seconds.toFixed(0)} s: ${failures || "none"} failed`,
  );
  return failures === 0;
}

async function runSeed(seed: number, minutes: number): Promise<boolean> {
  const outcome = await simulate({ seed, minutes, keepTrace: values.all });
  if (values.all) console.log(outcome.trace.join("\n"));
  console.log(describeFailure(outcome, minutes));
  console.log(`digest ${outcome.digest}, ${outcome.events} events`);
  return outcome.failure === undefined;
}

async function runCost(most: number): Promise<boolean> {
  const samples = await measureCost(most, (line) => console.log(line));
  console.log(describeCost(samples));
  await writeCostPlot(COST_PLOT, samples);
  return true;
}

let held: boolean;
if (values.cost) held = await runCost(numberOf("sessions"));
else if (values.seed === undefined) held = await runSeeds(numberOf("from"), numberOf("seeds"), numberOf("minutes"));
else held = await runSeed(numberOf("seed"), numberOf("minutes"));
process.exitCode = held ? 0 : 1;
