/**
 * How many cases the fuzz tests try, and which. `npm run fuzz` sets the environment variables; without them the tests try some
 * thousand cases, always the same.
 */
const QUICK_CASES = 3_000;
const QUICK_SEED = 20_261_101;

/** Messages or HTTP requests. */
export const CASES = Number(process.env["FUZZ_CASES"] ?? QUICK_CASES);
export const SEED = Number(process.env["FUZZ_SEED"] ?? QUICK_SEED);
/** The long form also runs with a real Redis. */
export const IS_LONG = process.env["FUZZ_CASES"] !== undefined;
export const TIMEOUT_MS = 60_000 + CASES * 20;

/** Tells how to run the same cases again. */
export function announce(what: string): void {
  process.stdout.write(`${what}: ${CASES} cases; again with: npm run fuzz -- --cases ${CASES} --seed ${SEED}\n`);
}
