/**
 * The long form of the fuzz tests in test/attack/fuzz: `npm run fuzz -- --cases 100000 --seed 7`. Without a seed it takes a new
 * one. The tests print the seed, and with the same seed and number they try the same cases again.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
for (const [name, text] of Object.entries(values)) {
  if (!/^\d{1,9}\d?$/.test(text)) throw new Error(`--${name} must be a whole number`);
}
const env = { ...process.env, FUZZ_CASES: values.cases, FUZZ_SEED: values.seed };
const vitest = join("node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "fuzz"], { stdio: "inherit", env });
process.exitCode = status ?? 1;
