/**
 * Measures what a service with many nodes costs its Redis: real nodes, real clients, a real Redis. Prints the tables of
 * `docs/scale.md`; `--write` writes them there.
 *
 *     npm run bench:cluster -- [--nodes 10,30,100] [--people 300] [--write]
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { RedisServer } from "../test/support/redis-server.js";
import { scaleDocument } from "./cluster/document.js";
import { measureCosts } from "./cluster/measure.js";
import type { Costs, Habits } from "./cluster/model.js";
import { describeLoad, describeMachine } from "./report/machine.js";

const DOCUMENT = fileURLToPath(new URL("../docs/scale.md", import.meta.url));
const HABITS: Habits = { sessionSeconds: 1_800, callsPerSession: 0.5, sessionsPerNode: 10_000, renewSeconds: 2 };

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "10,30,100" },
    people: { type: "string", default: "300" },
    write: { type: "boolean", default: false },
  },
});

const startedAt = performance.now();
const load = describeLoad().text;
const measured: Costs[] = [];
for (const nodes of values.nodes.split(",").map(Number)) {
  console.error(`${nodes} nodes`);
  const redis = await RedisServer.start();
  try {
    measured.push(await measureCosts(redis.port, nodes, Number(values.people), HABITS.renewSeconds));
  } finally {
    await redis.stop();
  }
}
const document = scaleDocument(measured, HABITS, {
  date: new Date().toISOString().slice(0, 10),
  minutes: (performance.now() - startedAt) / 60_000,
  machine: describeMachine(),
  load,
});
console.log(document);
if (values.write) writeFileSync(DOCUMENT, document);
process.exit();
