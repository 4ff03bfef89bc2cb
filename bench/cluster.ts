/**
 * Measures what a service with many nodes costs its Redis: real nodes, real clients, a real Redis; then a real
 * Redis Cluster with a master for each hash tag. Prints the tables of `docs/scale.md`; `--write` writes them there.
 *
 *     npm run bench:cluster -- [--nodes 10,30,100] [--people 300] [--shards 16, or 1: only one Redis] [--write]
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { scaleDocument } from "./cluster/document.js";
import { measureCosts } from "./cluster/measure.js";
import type { Costs, Habits } from "./cluster/model.js";
import { startRedis } from "./cluster/redis-under-test.js";
import { describeLoad, describeMachine } from "./report/machine.js";

const DOCUMENT = fileURLToPath(new URL("../docs/scale.md", import.meta.url));
const HABITS: Habits = { sessionSeconds: 1_800, callsPerSession: 0.5, sessionsPerNode: 10_000, renewSeconds: 2 };

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "10,30,100" },
    people: { type: "string", default: "300" },
    shards: { type: "string", default: "16" },
    write: { type: "boolean", default: false },
  },
});

const startedAt = performance.now();
const load = describeLoad().text;
const shards = Number(values.shards);
const one = await measureAll(1);
const [whole, tag] = shards > 1 ? await measureAll(shards) : [];
const divided = whole && tag && { shards, whole, tag };
const document = scaleDocument(one[0] ?? [], divided, HABITS, {
  date: new Date().toISOString().slice(0, 10),
  minutes: (performance.now() - startedAt) / 60_000,
  machine: describeMachine(),
  load,
});
console.log(document);
if (values.write) writeFileSync(DOCUMENT, document);
process.exit();

/** @returns for each group of masters, what was measured with each number of nodes */
async function measureAll(tags: number): Promise<readonly (readonly Costs[])[]> {
  const measured: (readonly Costs[])[] = [];
  for (const nodes of values.nodes.split(",").map(Number)) {
    console.error(`${nodes} nodes, ${tags === 1 ? "one Redis" : `${tags} shards`}`);
    const redis = await startRedis(tags);
    try {
      measured.push(await measureCosts(redis, nodes, Number(values.people), HABITS.renewSeconds));
    } finally {
      await redis.stop();
    }
  }
  const groups = measured[0]?.length ?? 0;
  return Array.from({ length: groups }, (_, group) => measured.flatMap((costs) => costs[group] ?? []));
}
