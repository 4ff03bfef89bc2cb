import { expect, test } from "vitest";
import { ChaosRun } from "../support/chaos/chaos-run.js";
import { ALL_FAULTS, PROCESS_FAULTS, SHARD_FAULTS } from "../support/chaos/faults.js";
import { noRedisReason } from "../support/redis-server.js";

/** `CHAOS_SEEDS=7,8 CHAOS_SECONDS=60 npx vitest run --project long test/long/chaos.test.ts` repeats these plans. */
const SEEDS = (process.env["CHAOS_SEEDS"] ?? "1,2,3,4,5,6").split(",").map(Number);
const SECONDS = Number(process.env["CHAOS_SECONDS"] ?? 100);

test.skipIf(noRedisReason).each(SEEDS)(
  "four nodes, people who come and go, and faults of seed %i: in the end people, nodes, gauges, Redis and the backend agree",
  { timeout: SECONDS * 1_000 + 400_000 },
  async (seed) => {
    // Every third seed has faults of processes only. Then nobody may lose a session.
    const faults = seed % 3 === 0 ? PROCESS_FAULTS : ALL_FAULTS;
    const said = await ChaosRun.of({ seed, seconds: SECONDS, faults });
    process.stdout.write(said);
    expect(said).toContain("all agree");
  },
);

test.skipIf(noRedisReason).each(SEEDS)(
  "the same on a Redis Cluster over which rooms and sessions are divided: seed %i",
  { timeout: SECONDS * 1_000 + 400_000 },
  async (seed) => {
    const faults = seed % 3 === 0 ? PROCESS_FAULTS : SHARD_FAULTS;
    const said = await ChaosRun.of({ seed, seconds: SECONDS, faults, store: "shards" });
    process.stdout.write(said);
    expect(said).toContain("all agree");
  },
);
