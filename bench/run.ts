/**
 * `npm run bench`: what a ping, a connection and a sweep cost, beside what they cost without Lastseen. Prints the tables
 * and writes `docs/benchmarks.md`.
 *
 *     npx tsx bench/run.ts [--quick | --heartbeats] [--main dist/main.js]
 *
 * `--heartbeats` measures clients that do nothing, and writes only that section.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compilePrograms } from "./compile.js";
import { measureConnections } from "./measure/connections.js";
import { measureExpiry } from "./measure/expiry.js";
import { measurePings } from "./measure/pings.js";
import { measureProbing } from "./measure/probing.js";
import { measureStorm } from "./measure/storm.js";
import { FULL, QUICK } from "./measure/plan.js";
import { benchmarkDocument, expiryTable, heartbeatsText, serverTable, type Results } from "./report/document.js";
import { describeLoad, describeMachine } from "./report/machine.js";
import { probingRows, probingText } from "./report/probing.js";
import { joinSteps, rowsOf } from "./report/rows.js";
import { findSection, replaceSection } from "./report/section.js";

const DOCUMENT = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    heartbeats: { type: "boolean", default: false },
    main: { type: "string", default: fileURLToPath(new URL("../dist/main.js", import.meta.url)) },
  },
});
const startedAt = performance.now();
const plan = values.quick ? QUICK : FULL;
const say = (line: string): void => console.error(line);

if (!existsSync(values.main)) {
  console.error(`${values.main} is missing: run "npm run build" first`);
  process.exit(1);
}
const load = describeLoad();
if (load.busy) say(`the machine has other work (load ${load.text}): expect scattered values and higher ratios`);
const programs = await compilePrograms(values.main);
const today = new Date().toISOString().slice(0, 10);
if (values.heartbeats) {
  const probing = await measureProbing(programs, plan, say);
  const rows = typeof probing === "string" ? probing : probingRows(probing);
  console.log(`\n${probingText(rows)}`);
  const when = `Measured alone on ${today}, after the rest of this page. Load before: ${load.text}.`;
  const text = `${heartbeatsText(rows, plan)}\n\n${when}\n`;
  writeFileSync(DOCUMENT, replaceSection(readFileSync(DOCUMENT, "utf8"), "Heartbeats", text));
  process.exit();
}
const pings = await measurePings(programs, plan, say);
const connections = await measureConnections(programs, plan, say);
const storms = await measureStorm(programs, plan, say);
const probing = await measureProbing(programs, plan, say);
say("expiry");
const expiry = await measureExpiry(programs, plan);

const results: Results = {
  rows: rowsOf(pings, connections, storms, plan.stormClients),
  joinSteps: joinSteps(connections.lastseen),
  probing: typeof probing === "string" ? probing : probingRows(probing),
  expiry,
};
console.log(`\n${serverTable(results.rows)}\n\n${probingText(results.probing)}\n\n${expiryTable(results, plan)}`);
if (!values.quick) {
  const minutes = Math.ceil((performance.now() - startedAt) / 60_000);
  const run = { machine: describeMachine(), load: load.text, date: today, minutes };
  // `bench/large-room.ts` writes this section.
  const largeRooms = findSection(readFileSync(DOCUMENT, "utf8"), "Large rooms") ?? "";
  writeFileSync(DOCUMENT, `${benchmarkDocument(results, plan, run)}${largeRooms && `\n${largeRooms}`}`);
  say(`\nwritten to docs/benchmarks.md`);
}
