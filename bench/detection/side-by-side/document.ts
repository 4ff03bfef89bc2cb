/** The side-by-side table of `docs/detection.md`. */
import { table } from "../../report/table.js";
import type { Cell, FaultRow } from "./results.js";
import type { SideBySide } from "./run.js";

/** Every system's false leaves of all rows whose people stay. */
export function falseLeaves({ subjects, rows }: SideBySide): Map<string, { thrownOut: number; people: number }> {
  const staying = rows.filter(({ goes }) => !goes);
  return new Map(
    subjects.map(({ id }) => {
      const cells = staying.flatMap(({ cells: all }) => all.get(id) ?? []);
      const sum = (read: (cell: Cell) => number): number => cells.reduce((total, cell) => total + read(cell), 0);
      return [id, { thrownOut: sum(({ gone }) => gone.length), people: sum(({ people }) => people) }];
    }),
  );
}

export function sideBySideLines(results: SideBySide): string[] {
  const { subjects, missing, rows, falseAways } = results;
  const columns = subjects.flatMap((subject) => [
    ...(subject.knowsAway ? [{ subject, title: `${subject.title}: away`, text: awayText }] : []),
    { subject, title: subject.knowsAway ? `${subject.title}: gone` : subject.title, text: goneText },
  ]);
  const sums = falseLeaves(results);
  const total = columns.map(({ subject, text }) => {
    const { thrownOut, people } = sums.get(subject.id) ?? { thrownOut: 0, people: 0 };
    return text === goneText ? `${thrownOut} of ${people}` : "";
  });
  return [
    table(
      ["what happens", ...columns.map(({ title }) => title)],
      [
        ...rows.map((row) => [
          row.how + (row.goes ? "" : " (alive)"),
          ...columns.map(({ subject, text }) => text(row, row.cells.get(subject.id))),
        ]),
        ["false leaves, together", ...total],
      ],
    ),
    "",
    `Versions: ${subjects.map((subject) => `${subject.title} ${subject.version()}`).join(", ")}.`,
    ...[...missing].map(([title, problem]) => `Not measured here: ${title} (${problem}).`),
    ...subjects
      .filter(({ knowsAway }) => knowsAway)
      .map(({ title }) => `False aways that ${title} counted (\`lastseen_false_aways_total\`): ${falseAways}.`),
  ];
}

function awayText(_row: FaultRow, cell: Cell | undefined): string {
  return cell ? range(cell.away) : "";
}

function goneText({ goes, watch }: FaultRow, cell: Cell | undefined): string {
  if (!cell) return "";
  const { gone, people } = cell;
  if (!goes) return gone.length === 0 ? "stays" : `${gone.length} of ${people} thrown out`;
  if (gone.length === 0) return `not in ${watch} s`;
  return range(gone) + (gone.length < people ? ` (${gone.length} of ${people})` : "");
}

/** The least and the most of some milliseconds, in seconds. */
export function range(values: readonly number[]): string {
  if (values.length === 0) return "";
  const [least = "", most = ""] = [Math.min(...values), Math.max(...values)].map((ms) => (ms / 1_000).toFixed(1));
  return least === most ? `${least} s` : `${least} – ${most} s`;
}
