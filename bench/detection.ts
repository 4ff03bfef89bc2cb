/**
 * How soon a ghost is gone: people with real browsers and media go in every way there is, from the built service with the
 * deadlines of production, and somebody who stays writes down when they are told. Prints a table; `--write` puts it into
 * `docs/detection.md`. Fails when somebody was there for more than a second longer than promised.
 *
 *     npm run -s build && npx tsx bench/detection.ts [--only leave,crash] [--main dist/main.js] [--write]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { goingTable, histogramTable, isMissed, putInto, type Row } from "./detection/document.js";
import { readDetections, type Detections } from "./detection/histogram.js";
import { measureCut } from "./detection/network.js";
import { noMachineReason } from "./detection/other-machine.js";
import { MeasuredService } from "./detection/service.js";
import { departAll, enterAll } from "./detection/trial.js";
import { QUICK_WAYS, SLOW_WAYS, type Way } from "./detection/ways.js";
import { describeLoad, describeMachine } from "./report/machine.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const DOCUMENT = here("../docs/detection.md");
const { values } = parseArgs({
  options: {
    main: { type: "string", default: here("../dist/main.js") },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const main = resolve(values.main);
const only = values.only?.split(",");
if (only && values.write) throw new Error("--write is for all of them");
const wanted = ({ id }: { id: string }): boolean => only?.includes(id) ?? true;

const say = (text: string): void => console.error(text);
const load = describeLoad();
if (load.busy) say(`the machine is busy: ${load.text}`);
const startedAt = performance.now();
const scrapes: string[] = [];
const rows = await measureAll();
report(rows, readDetections(scrapes));

/** Those that take minutes go first; meanwhile the others, one way after the other. */
async function measureAll(): Promise<Row[]> {
  const service = await MeasuredService.start(main);
  try {
    const slow = [];
    for (const way of SLOW_WAYS.filter(wanted)) slow.push({ way, entered: await enterAll(service, way) });
    const slowly = Promise.all(slow.map(async ({ way, entered }) => rowOf(way, await departAll(entered, way))));
    const quickly = async (): Promise<Row[]> => {
      const measured: Row[] = [];
      for (const way of QUICK_WAYS.filter(wanted))
        measured.push(rowOf(way, await departAll(await enterAll(service, way), way)));
      return wanted({ id: "cut" }) ? [...measured, ...(await measureNetwork())] : measured;
    };
    const [last, first] = await Promise.all([slowly, quickly()]);
    scrapes.push(await service.metrics());
    return [...first, ...last];
  } finally {
    await service.stop();
  }
}

async function measureNetwork(): Promise<Row[]> {
  const problem = noMachineReason();
  if (problem !== undefined) {
    say(`nobody's network can be cut here: ${problem}`);
    return [];
  }
  const { withMedia, without, metrics } = await measureCut(main);
  scrapes.push(metrics);
  say("network cut");
  return [
    { how: "network is cut, with media", told: "ICE consent, no pong for 5 s", atMost: 26, goings: withMedia },
    { how: "network is cut, without media", told: "two pongs missed", atMost: 59, goings: without },
  ];
}

function rowOf({ how, told, atMost }: Way, goings: Row["goings"]): Row {
  say(how);
  return { how, told, atMost, goings };
}

function report(all: readonly Row[], detections: readonly Detections[]): void {
  const ghosts = all.flatMap(({ goings }) => goings).filter(({ leaving }) => leaving.cause !== undefined).length;
  const counted = detections.reduce((sum, { count }) => sum + count, 0);
  if (counted !== ghosts) throw new Error(`the histogram has counted ${counted} ghosts of ${ghosts}`);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const lines = [
    `Measured on ${new Date().toISOString().slice(0, 10)} in ${minutes} minutes:`,
    "",
    ...describeMachine()
      .slice(0, 1)
      .map((line) => `- ${line}`),
    `- Load of the minute before: ${load.text}; service, worker and all browsers on this one machine.`,
    "",
    goingTable(all),
    "",
    histogramTable(detections),
  ];
  console.log(lines.join("\n"));
  if (values.write) writeFileSync(DOCUMENT, putInto(readFileSync(DOCUMENT, "utf8"), lines));
  if (all.some(isMissed)) process.exitCode = 1;
}
