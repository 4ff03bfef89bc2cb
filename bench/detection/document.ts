/** The tables of `docs/detection.md`, between two marks of that file. */
import { table } from "../report/table.js";
import type { Detections } from "./histogram.js";
import type { Going } from "./witness.js";

export interface Row {
  how: string;
  told: string;
  /** Seconds; 0: at once. */
  atMost: number;
  goings: readonly Going[];
}

const BEGIN = "<!-- measured: begin -->";
const END = "<!-- measured: end -->";
/** Deadlines are looked at four times a second, and a busy machine takes its time. */
const TOLERANCE_SECONDS = 1;

export function isMissed({ atMost, goings }: Row): boolean {
  return goings.some(({ leftAfterMs }) => leftAfterMs > (atMost + TOLERANCE_SECONDS) * 1_000);
}

export function goingTable(rows: readonly Row[]): string {
  return table(
    ["how they go", "what tells", "at most", "shown as away after", "gone after", "cause"],
    rows.map((row) => [
      row.how,
      row.told,
      row.atMost === 0 ? "at once" : `${row.atMost} s`,
      range(row.goings.flatMap(({ awayAfterMs }) => awayAfterMs ?? [])),
      range(row.goings.map(({ leftAfterMs }) => leftAfterMs)) + (isMissed(row) ? " (missed)" : ""),
      [...new Set(row.goings.map(({ leaving }) => leaving.cause ?? leaving.reason))].join(", "),
    ]),
  );
}

export function histogramTable(detections: readonly Detections[]): string {
  return table(
    ["`lastseen_ghost_detection_seconds`", "counted", "mean", "all within"],
    detections.map(({ cause, count, meanSeconds, withinSeconds }) => [
      `\`cause="${cause}"\``,
      String(count),
      `${meanSeconds.toFixed(1)} s`,
      `${withinSeconds} s`,
    ]),
  );
}

/** @throws Error when the document has no place for them */
export function putInto(document: string, lines: readonly string[]): string {
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`The document has no ${BEGIN} with a ${END} after it`);
  return `${document.slice(0, from)}${[BEGIN, "", ...lines, "", END].join("\n")}${document.slice(to + END.length)}`;
}

/** The least and the most of some milliseconds, in seconds. */
function range(values: readonly number[]): string {
  if (values.length === 0) return "";
  const [least = "", most] = [Math.min(...values), Math.max(...values)].map((ms) =>
    ms < 1_000 ? (ms / 1_000).toFixed(2) : (ms / 1_000).toFixed(1),
  );
  return least === most ? `${least} s` : `${least} – ${most} s`;
}
