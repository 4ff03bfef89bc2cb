/**
 * How soon a ghost is gone. First native clients of Lastseen and of other systems meet the same faults side by side. Then
 * people with real browsers and media go in every way there is, and somebody who stays writes down when they are told. All
 * systems have the deadlines of production. Prints tables; `--write` puts them into `docs/detection.md`, and a picture of them
 * into `docs/detection.svg`. Fails when somebody was there for more than a second longer than promised, or when Lastseen threw
 * a living person out.
 *
 *     npm run bench:detection -- [--part beside,browsers] [--only leave,crash] [--times 5 | --quick] [--main FILE] [--write]
 *
 * `--only` takes the names in `detection/ways.ts` and `detection/side-by-side/faults.ts`, and `server`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { goingTable, histogramTable, isMissed, putInto, type Row } from "./detection/document.js";
import { measurePeople } from "./detection/browsers.js";
import { measureBeside, type BesideRow } from "./detection/side-by-side/browsers.js";
import { falseLeaves, sideBySideLines } from "./detection/side-by-side/document.js";
import { drawPicture } from "./detection/side-by-side/picture.js";
import { measureSideBySide, type SideBySide } from "./detection/side-by-side/run.js";
import { allSubjects } from "./detection/subjects/all.js";
import { readDetections, type Detections } from "./detection/histogram.js";
import { socketIo } from "./detection/subjects/npm.js";
import { browsersHere, browserVersion } from "./detection/open-person.js";
import { QUICK_WAYS, SLOW_WAYS } from "./detection/ways.js";
import { describeLoad, describeMachine } from "./report/machine.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const DOCUMENT = here("../docs/detection.md");
const PICTURE = here("../docs/detection.svg");
const { values } = parseArgs({
  options: {
    main: { type: "string", default: here("../dist/main.js") },
    only: { type: "string" },
    part: { type: "string", default: "beside,browsers" },
    times: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const main = resolve(values.main);
const only = values.only?.split(",");
if (values.write && (only || values.quick)) throw new Error("--write is for all faults, and not for --quick");
const parts = values.part.split(",");
const times = values.quick ? 1 : Number(values.times);
const wanted = ({ id }: { id: string }): boolean => only?.includes(id) ?? true;

const say = (text: string): void => console.error(text);
const load = describeLoad();
if (load.busy) say(`the machine is busy: ${load.text}`);
const startedAt = performance.now();
if (parts.includes("beside")) reportBeside(await measureSideBySide(allSubjects(main), { times, wants: wanted, say }));
if (parts.includes("browsers")) {
  const scrapes: string[] = [];
  const rows = await measurePeople({ main, times, wanted, say, scrapes });
  const problem = socketIo.prepare();
  if (problem !== undefined) say(`Socket.IO is not measured: ${problem}`);
  const beside =
    problem === undefined
      ? await measureBeside(
          socketIo,
          [...QUICK_WAYS, ...SLOW_WAYS].filter((way) => way.anywhere && wanted(way)),
          times,
          say,
        )
      : [];
  reportBrowsers(rows, readDetections(scrapes), beside);
}

function reportBeside(results: SideBySide): void {
  const lines = [...heading("servers and clients"), "", ...sideBySideLines(results)];
  console.log(lines.join("\n"));
  write("side by side", lines);
  if (values.write) writeFileSync(PICTURE, drawPicture(results));
  // Without Redis a service that starts again knows nobody.
  const survivable = { ...results, rows: results.rows.filter(({ id }) => id !== "restart") };
  for (const { id, knowsAway } of results.subjects)
    if (knowsAway && (falseLeaves(survivable).get(id)?.thrownOut ?? 0) + results.falseAways > 0) process.exitCode = 1;
}

function reportBrowsers(all: readonly Row[], detections: readonly Detections[], beside: readonly BesideRow[]): void {
  const ghosts = all.flatMap(({ goings }) => goings).filter(({ leaving }) => leaving.cause !== undefined).length;
  const counted = detections.reduce((sum, { count }) => sum + count, 0);
  if (counted !== ghosts) throw new Error(`the histogram has counted ${counted} ghosts of ${ghosts}`);
  const lines = [
    ...heading("service, worker and all browsers"),
    `- Browsers: ${browsersHere().map(browserVersion).join(", ")}.`,
    "",
    goingTable(all, beside),
    "",
    histogramTable(detections),
  ];
  console.log(lines.join("\n"));
  write("measured", lines);
  if (all.some(isMissed)) process.exitCode = 1;
}

function heading(who: string): string[] {
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  return [
    `Measured on ${new Date().toISOString().slice(0, 10)} in ${minutes} minutes, each ${times} times:`,
    "",
    `- ${describeMachine()[0]}. Load of the minute before: ${load.text}; ${who} on this one machine.`,
  ];
}

function write(section: string, lines: readonly string[]): void {
  if (values.write) writeFileSync(DOCUMENT, putInto(readFileSync(DOCUMENT, "utf8"), section, lines));
}
