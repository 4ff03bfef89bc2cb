/** The tables of `docs/detection.md`, between two marks of that file. */
import { table } from "../report/table.js";
import type { Detections } from "./histogram.js";
import type { BesideRow } from "./side-by-side/browsers.js";
import type { Going } from "./witness.js";

export interface Row {
  how: string;
  /** Theirs; "none": a client without one. */
  browser: string;
  told: string;
  /** Seconds; 0: at once. */
  atMost: number;
  goings: readonly Going[];
}

/** Deadlines are looked at four times a second, and a busy machine takes its time. */
const TOLERANCE_SECONDS = 1;

export function isMissed({ atMost, goings }: Row): boolean {
  return goings.some(({ leftAfterMs }) => leftAfterMs > (atMost + TOLERANCE_SECONDS) * 1_000);
}

/** @param beside the same ways from Socket.IO */
export function goingTable(rows: readonly Row[], beside: readonly BesideRow[]): string {
  const elsewhere = ({ how, browser }: Row): string => {
    const row = beside.find((one) => one.how === how && one.browser === browser);
    if (!row) return "";
    return row.cell.gone.length === 0 ? `not in ${row.watch} s` : range(row.cell.gone);
  };
  return table(
    [
      "how they go",
      "browser",
      "what tells",
      "at most",
      "shown as away after",
      "gone after",
      "cause",
      "Socket.IO: gone after",
    ],
    rows.map((row) => [
      row.how,
      row.browser,
      row.told,
      row.atMost === 0 ? "at once" : `${row.atMost} s`,
      range(row.goings.flatMap(({ awayAfterMs }) => awayAfterMs ?? [])),
      range(row.goings.map(({ leftAfterMs }) => leftAfterMs)) + (isMissed(row) ? " (missed)" : ""),
      [...new Set(row.goings.map(({ leaving }) => leaving.cause ?? leaving.reason))].join(", "),
      elsewhere(row),
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
export function putInto(document: string, section: string, lines: readonly string[]): string {
  const [begin, end] = [`<!-- ${section}: begin -->`, `<!-- ${section}: end -->`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The document has no ${begin} with a ${end} after it`);
  return `${document.slice(0, from)}${[begin, "", ...lines, "", end].join("\n")}${document.slice(to + end.length)}`;
}

/** The least and the most of some milliseconds, in seconds. */
function range(values: readonly number[]): string {
  if (values.length === 0) return "";
  const [least = "", most] = [Math.min(...values), Math.max(...values)].map((ms) =>
    ms < 1_000 ? (ms / 1_000).toFixed(2) : (ms / 1_000).toFixed(1),
  );
  return least === most ? `${least} s` : `${least} – ${most} s`;
}
