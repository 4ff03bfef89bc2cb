/** The side-by-side table as a picture: how soon the others learn that somebody is gone, and who was thrown out alive. */
import { median } from "../../report/statistics.js";
import { falseLeaves } from "./document.js";
import type { FaultRow } from "./results.js";
import type { SideBySide } from "./run.js";

const WIDTH = 900;
const LEFT = 250;
const RIGHT = 870;
const ROW = 34;
const TOP = 96;
/** The ends of the logarithmic scale, s. */
const [FIRST, LAST] = [0.05, 200];
const MARKS = [0.1, 1, 5, 10, 20, 60, 180];
/** Readable on white and on black, also for most who see few colours (after Okabe and Ito). */
const COLOURS = ["#e8590c", "#2f9de0", "#12a37a", "#c45fa0", "#a88900", "#8a8f98"];
/** Dots of one row do not cover each other. */
const APART = 4;

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.quiet{fill:#59636e}.title{font-weight:600;font-size:15px}
line{stroke:#d1d9e0}.ground{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}line{stroke:#3d444d}.ground{fill:#0d1117}}`;

/** @returns an SVG document */
export function drawPicture(results: SideBySide): string {
  const going = results.rows.filter(({ goes }) => goes);
  const scaleEnd = TOP + going.length * ROW;
  const barsTop = scaleEnd + 74;
  const height = barsTop + results.subjects.length * 24 + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="How soon the others learn that somebody is gone, and how many living people were thrown out">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(20, 30, "How soon the others learn it (ring: away, dot: gone)", "title"),
    legend(results),
    ...MARKS.map((mark) => scaleMark(mark, scaleEnd)),
    ...going.flatMap((row, n) => rowOf(results, row, TOP + n * ROW + ROW / 2)),
    text(
      20,
      barsTop - 20,
      "Thrown out although they were alive (flaps, resets, reloads, server stalls, restart)",
      "title",
    ),
    ...bars(results, barsTop),
    "</svg>",
    "",
  ].join("\n");
}

function legend({ subjects }: SideBySide): string {
  return subjects
    .map(
      ({ title }, n) =>
        `<circle cx="${26 + n * 125}" cy="54" r="5" fill="${colour(n)}"/>${text(36 + n * 125, 59, title)}`,
    )
    .join("");
}

function scaleMark(seconds: number, bottom: number): string {
  const x = at(seconds);
  return `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${bottom}"/>${text(x, TOP - 14, `${seconds} s`, "quiet", "middle")}`;
}

function rowOf({ subjects }: SideBySide, { how, cells }: FaultRow, y: number): string[] {
  const middle = y - ((subjects.length - 1) * APART) / 2;
  return [
    text(20, y + 5, how),
    ...subjects.flatMap(({ id }, n) => {
      const cell = cells.get(id);
      if (!cell) return [];
      const dotY = middle + n * APART;
      const ring = cell.away.length > 0 ? at(median(cell.away) / 1_000) : undefined;
      const dot = cell.gone.length > 0 ? at(median(cell.gone) / 1_000) : undefined;
      return [
        ring === undefined
          ? ""
          : `<circle cx="${ring}" cy="${dotY}" r="5" fill="none" stroke="${colour(n)}" stroke-width="2.5"/>`,
        dot === undefined
          ? `<text x="${RIGHT + 6}" y="${dotY + 4}" style="fill:${colour(n)}">›</text>`
          : `<circle cx="${dot}" cy="${dotY}" r="5" fill="${colour(n)}"/>`,
      ];
    }),
  ];
}

function bars(results: SideBySide, top: number): string[] {
  const sums = falseLeaves(results);
  return results.subjects.flatMap(({ id, title }, n) => {
    const { thrownOut, people } = sums.get(id) ?? { thrownOut: 0, people: 0 };
    const y = top + n * 24;
    const width = people === 0 ? 0 : Math.round((thrownOut / people) * (RIGHT - LEFT - 90));
    return [
      text(20, y + 12, title),
      `<rect x="${LEFT}" y="${y}" width="${Math.max(width, 2)}" height="14" fill="${colour(n)}"/>`,
      text(LEFT + width + 10, y + 12, `${thrownOut} of ${people}`, "quiet"),
    ];
  });
}

/** Where a time is on the scale. */
function at(seconds: number): number {
  const share = Math.log(Math.max(seconds, FIRST) / FIRST) / Math.log(LAST / FIRST);
  return Math.round(LEFT + Math.min(share, 1) * (RIGHT - LEFT));
}

function colour(n: number): string {
  return COLOURS[n % COLOURS.length] ?? "";
}

function text(x: number, y: number, words: string, kind = "", anchor = "start"): string {
  return `<text x="${x}" y="${y}"${kind && ` class="${kind}"`} text-anchor="${anchor}">${words}</text>`;
}
