import { useLayoutEffect, useRef, useState } from "preact/hooks";
import UPlot from "uplot";

export interface Line {
  readonly label: string;
  /** Which colour of the style sheet. */
  readonly tone: "accent" | "bad" | "warn" | "soft";
  /** One for each time; null: nothing happened. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** What stands behind a value. */
  readonly unit: string;
  readonly bars: boolean;
  /** Epoch seconds. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

const HEIGHT = 96;
const DARK = "(prefers-color-scheme: dark)";
/** Between two lines of the grid. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
const HOUR_S = 3_600;
const MINUTE_S = 60;

/** One small chart over the last hour. Its numbers stand in words beside it, for those who do not see the picture. */
export function Chart({ title, unit, bars, times, lines }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<UPlot | undefined>(undefined);
  const isDark = useDarkTheme();
  const labels = lines.map(({ label, tone }) => `${label} ${tone}`).join();

  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const plot = new UPlot(optionsOf(lines, unit, bars, element.clientWidth), dataOf(times, lines), element);
    drawn.current = plot;
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [labels, unit, bars, isDark]);

  useLayoutEffect(() => {
    drawn.current?.setData(dataOf(times, lines));
  }, [times, lines]);

  return (
    <figure class="chart" data-testid="chart">
      <figcaption>
        <span>{title}</span>
        <span class="small">{inWords(lines, unit)}</span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}

/** Whether the dark theme is on. A chart is painted with the colours of one theme. */
function useDarkTheme(): boolean {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useLayoutEffect(() => {
    const theme = matchMedia(DARK);
    const changed = (): void => setDark(theme.matches);
    theme.addEventListener("change", changed);
    return () => theme.removeEventListener("change", changed);
  }, []);
  return isDark;
}

function dataOf(times: readonly number[], lines: readonly Line[]): UPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}

/** "12 in this hour" for counts; "at most 24 s" for times. */
function inWords(lines: readonly Line[], unit: string): string {
  const [first] = lines;
  const known = (first?.values ?? []).filter((value) => value !== null);
  if (known.length === 0) return "none in this hour";
  if (first?.label === "ghosts") return `at most ${Math.max(...known)}`;
  if (unit !== "") return `at most ${Math.max(...known)}${unit}`;
  return `${known.reduce((sum, value) => sum + value, 0).toLocaleString("en-GB")} in this hour`;
}

function optionsOf(lines: readonly Line[], unit: string, bars: boolean, width: number): UPlot.Options {
  const drawBars = UPlot.paths.bars?.({ size: [0.8, 12] });
  const axis = {
    stroke: () => colour("soft"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: lines.length > 1 },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_plot, _from, to) => [to - HOUR_S, to + MINUTE_S / 2] },
      y: { range: (_plot, _least, most) => [0, Math.max(unit === "" ? 4 : 10, (most || 0) * 1.1)] },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: (_plot, splits) => splits.map(clockMinute) },
      {
        ...axis,
        size: 40,
        space: 28,
        incrs: STEPS,
        values: (_plot, splits) => splits.map((split) => `${split}${unit}`),
      },
    ],
    series: [
      { value: (_plot, value: number | null) => (value === null ? "" : clockMinute(value)) },
      ...lines.map(({ label, tone }) => ({
        label,
        stroke: () => colour(tone),
        width: bars ? 0 : 1.5,
        spanGaps: false,
        points: { show: !bars, size: 5, fill: () => colour(tone) },
        value: (_plot: UPlot, value: number | null) => (value === null ? "–" : `${value}${unit}`),
        ...(bars && { fill: () => colour(tone) }),
        ...(bars && drawBars && { paths: drawBars }),
      })),
    ],
  };
}

function clockMinute(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** A colour of the style sheet, for the present theme. */
function colour(tone: Line["tone"] | "line"): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${tone}`).trim();
}
