import { expect, test } from "vitest";
import { ChaosRun } from "../../support/chaos/chaos-run.js";
import { ALL_FAULTS } from "../../support/chaos/faults.js";
import { noRedisReason } from "../../support/redis-server.js";

/** `npm run test:chaos` has more plans, and longer ones. */
const SEED = 14;
const SECONDS = 30;

test.skipIf(noRedisReason)(
  "after kills, stops, cuts and failovers, people, nodes, gauges, Redis and the backend's tables agree",
  { timeout: 400_000 },
  async () => {
    expect(await ChaosRun.of({ seed: SEED, seconds: SECONDS, faults: ALL_FAULTS })).toContain("all agree");
  },
);
