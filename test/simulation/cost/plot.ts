import { writeFile } from "node:fs/promises";
import type { CostSample } from "./measure.js";

const PANEL = { width: 380, height: 260, left: 62, top: 160, gap: 90, right: 40, bottom: 46 } as const;
const LEGEND_LINE = 16;

interface Curve {
  name: string;
  color: string;
  value: (sample: CostSample) => number;
}

interface Panel {
  title: string;
  scale: (values: readonly number[], from: number, to: number) => Scale;
  unit: (value: number) => string;
  curves: readonly Curve[];
}

const PANELS: readonly Panel[] = [
  {
    title: "Time, of one of each",
    scale: logarithmic,
    unit: showTime,
    curves: [
      { name: "heartbeat", color: "#1f6feb", value: ({ heardNs }) => heardNs },
      { name: "sign of life of a watched session", color: "#9a6700", value: ({ watchedNs }) => watchedNs },
      { name: "watched session asked, and its answer", color: "#bf3989", value: ({ askedNs }) => askedNs },
      { name: "hello and join", color: "#8250df", value: ({ openNs }) => openNs },
      { name: "ghost, found to forgotten", color: "#cf222e", value: ({ reapNs }) => reapNs },
      { name: "watch that finds nobody", color: "#57606a", value: ({ watchUs }) => watchUs * 1_000 },
      { name: "sweep that finds nobody", color: "#1a7f37", value: ({ sweepUs }) => sweepUs * 1_000 },
    ],
  },
  {
    title: "Memory, of one session",
    scale: linear,
    unit: (value) => `${value.toLocaleString("en")} B`,
    curves: [{ name: "records, without socket", color: "#1f6feb", value: ({ bytesPerSession }) => bytesPerSession }],
  },
];

/** The samples as a table. */
export function describeCost(samples: readonly CostSample[]): string {
  const head = [
    "sessions",
    "bytes each",
    "hello+join",
    "heartbeat",
    "watched",
    "asked",
    "idle watch",
    "idle sweep",
    "each ghost",
  ];
  const rows = samples.map((sample) => [
    String(sample.sessions),
    String(sample.bytesPerSession),
    showTime(sample.openNs),
    showTime(sample.heardNs),
    showTime(sample.watchedNs),
    showTime(sample.askedNs),
    showTime(sample.watchUs * 1_000),
    showTime(sample.sweepUs * 1_000),
    showTime(sample.reapNs),
  ]);
  return [head, ...rows].map((row) => row.map((cell) => cell.padStart(11)).join("")).join("\n");
}

/** Draws the samples. A curve is level when its value does not depend on the number of sessions. */
export async function writeCostPlot(file: URL, samples: readonly CostSample[]): Promise<void> {
  const { width, height, left, top, gap, right, bottom } = PANEL;
  const total = { width: 2 * width + left + gap + right, height: top + height + bottom };
  const panels = PANELS.map((panel, index) => drawPanel(panel, samples, left + index * (width + gap)));
  await writeFile(
    file,
    [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" font-family="sans-serif" font-size="12">`,
      `<rect width="100%" height="100%" fill="#ffffff"/>`,
      ...panels,
      "</svg>",
      "",
    ].join("\n"),
  );
}

function drawPanel({ title, scale, unit, curves }: Panel, samples: readonly CostSample[], x0: number): string {
  const { width, height, top } = PANEL;
  const values = curves.flatMap(({ value }) => samples.map(value));
  const xs = logarithmic(
    samples.map(({ sessions }) => sessions),
    x0,
    x0 + width,
  );
  const ys = scale(values, top + height, top);
  const lines = [`<text x="${x0}" y="24" font-size="14" font-weight="bold">${title}</text>`];
  for (const tick of xs.ticks) {
    const x = xs.at(tick);
    lines.push(line(x, top, x, top + height), text(x, top + height + 18, "middle", tick.toLocaleString("en")));
  }
  lines.push(text(x0 + width / 2, top + height + 38, "middle", "sessions"));
  for (const tick of ys.ticks) {
    const y = ys.at(tick);
    lines.push(line(x0, y, x0 + width, y), text(x0 - 6, y + 4, "end", unit(tick)));
  }
  for (const [index, { name, color, value }] of curves.entries()) {
    const points = samples.map((sample) => `${xs.at(sample.sessions).toFixed(1)},${ys.at(value(sample)).toFixed(1)}`);
    lines.push(`<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"/>`);
    const last = samples.at(-1);
    const words = last ? `${name}: ${unit(value(last))} at ${last.sessions.toLocaleString("en")}` : name;
    lines.push(text(x0, 24 + LEGEND_LINE * (index + 1), "start", words, color));
  }
  return lines.join("\n");
}

interface Scale {
  at: (value: number) => number;
  ticks: number[];
}

/** An axis from 0 to a round number. */
function linear(values: readonly number[], from: number, to: number): Scale {
  const largest = Math.max(...values);
  const power = 10 ** Math.floor(Math.log10(largest));
  const step = power / 2;
  const most = Math.ceil(largest / step) * step;
  const at = (value: number): number => from + (value / most) * (to - from);
  return { at, ticks: Array.from({ length: Math.round(most / step) + 1 }, (_, index) => index * step) };
}

/** A logarithmic axis over whole powers of ten. */
function logarithmic(values: readonly number[], from: number, to: number): Scale {
  const least = Math.floor(Math.log10(Math.max(1, Math.min(...values))));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values))));
  const at = (value: number): number =>
    from + ((Math.log10(Math.max(value, 10 ** least)) - least) / (most - least)) * (to - from);
  return { at, ticks: Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index)) };
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#d0d7de"/>`;
}

function text(x: number, y: number, anchor: "start" | "middle" | "end", words: string, color = "#1f2328"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${words}</text>`;
}

function showTime(ns: number): string {
  if (ns < 1_000) return `${Math.round(ns)} ns`;
  if (ns < 1e6) return `${(ns / 1_000).toFixed(ns < 1e5 ? 1 : 0)} µs`;
  return `${(ns / 1e6).toFixed(1)} ms`;
}
