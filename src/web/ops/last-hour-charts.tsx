/** The last hour of the node that answers, as small charts. */
import { Chart, type Line } from "./chart.js";
import type { LastHour } from "./last-hour.js";
import type { Minute } from "./shapes.js";

interface Picture {
  readonly title: string;
  /** What stands behind a value. */
  readonly unit: "" | " s";
  /** Counts are drawn as bars, times as lines. */
  readonly bars: boolean;
  readonly lines: readonly (Omit<Line, "values"> & { readonly read: (minute: Minute) => number | null })[];
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms / 100) / 10);

const PICTURES: readonly Picture[] = [
  {
    title: "People who joined",
    unit: "",
    bars: true,
    lines: [{ label: "joins", tone: "accent", read: ({ joins }) => joins }],
  },
  {
    title: "Removed as gone",
    unit: "",
    bars: true,
    lines: [{ label: "evictions", tone: "bad", read: ({ evictions }) => evictions }],
  },
  {
    title: "Ghosts at one time",
    unit: "",
    bars: true,
    lines: [{ label: "ghosts", tone: "bad", read: ({ ghosts }) => ghosts }],
  },
  {
    title: "Time until away",
    unit: " s",
    bars: false,
    lines: [
      { label: "longest", tone: "soft", read: ({ away }) => seconds(away.longestMs) },
      { label: "median", tone: "warn", read: ({ away }) => seconds(away.medianMs) },
    ],
  },
  {
    title: "Time until gone",
    unit: " s",
    bars: false,
    lines: [
      { label: "longest", tone: "soft", read: ({ detection }) => seconds(detection.longestMs) },
      { label: "median", tone: "bad", read: ({ detection }) => seconds(detection.medianMs) },
    ],
  },
];

export function LastHourCharts({ lastHour }: { lastHour: LastHour }) {
  const minutes = lastHour.minutes.value;
  if (minutes.length === 0) return null;
  const times = minutes.map(({ at }) => at / 1_000);
  return (
    <section class="panel last-hour" aria-labelledby="history-title" data-testid="last-hour">
      <h2 id="history-title">The last hour of this node</h2>
      <div class="charts">
        {PICTURES.map(({ title, unit, bars, lines }) => (
          <Chart
            key={title}
            title={title}
            unit={unit}
            bars={bars}
            times={times}
            lines={lines.map(({ label, tone, read }) => ({ label, tone, values: minutes.map(read) }))}
          />
        ))}
      </div>
    </section>
  );
}
