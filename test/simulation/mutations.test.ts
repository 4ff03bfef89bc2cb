import { expect, test } from "vitest";
import { MUTATIONS } from "./mutations.js";
import { simulate, type Failure } from "./simulation.js";

/** Within so many seeds of so many simulated minutes each of these has to be noticed. */
const MOST_SEEDS = 20;
const MINUTES = 1_000;

/** Which invariant does not hold without what. */
const NOTICED_AS: Readonly<Record<string, readonly string[]>> = {
  "no claim": ["V5", "V6"],
  "wall clock instead of monotonic": ["V3"],
  "no stall credit": ["V2"],
  "no epoch check": ["V1", "V2"],
  "double leave": ["V4"],
};

test.each(Object.entries(MUTATIONS))(
  "the simulation notices: %s",
  async (name, seams) => {
    let failure: Failure | undefined;
    for (let seed = 1; !failure && seed <= MOST_SEEDS; seed++) {
      ({ failure } = await simulate({ seed, minutes: MINUTES, seams }));
    }
    expect(failure, `not within ${MOST_SEEDS} seeds`).toBeDefined();
    expect(NOTICED_AS[name]).toContain(failure?.invariant);
  },
  120_000,
);
