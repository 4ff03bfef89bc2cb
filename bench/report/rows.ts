/** The measurements as rows of numbers. */
import { type ByKind, byKind } from "../measure/by-kind.js";
import type { ConnectionSample } from "../measure/connections.js";
import type { PingSamples } from "../measure/pings.js";
import { median, pairedRatios, quantile } from "./statistics.js";

/** One quantity, measured on all servers. */
export interface Row {
  name: string;
  unit: string;
  digits: number;
  /** Medians. */
  values: ByKind<number>;
  /** Medians of the ratios to `ws` that were measured side by side. */
  ratios: ByKind<number>;
  /** The middle half of Lastseen's ratios: how noisy the run was. */
  spread: readonly [number, number];
  /** The largest ratio that Lastseen may have. */
  target: number | undefined;
}

export const TARGETS = { cpuPerPing: 1.15, memoryPerSession: 2 } as const;

export function rowsOf(pings: PingSamples, connections: ByKind<ConnectionSample[]>): Row[] {
  const each = (read: (sample: ConnectionSample) => number): ByKind<number[]> =>
    byKind((kind) => connections[kind].map(read));
  return [
    row("CPU per ping, saturated", "µs", pings.saturated, TARGETS.cpuPerPing),
    row("CPU per ping, steady rate", "µs", pings.paced, TARGETS.cpuPerPing),
    row(
      "Memory per idle connection",
      "KiB",
      each(({ rss }) => rss / 1024),
      TARGETS.memoryPerSession,
    ),
    row(
      "Memory per idle connection, of that heap",
      "KiB",
      each(({ heap }) => heap / 1024),
      undefined,
    ),
    row(
      "CPU per connect and greeting",
      "µs",
      each(({ steps }) => steps.reduce((sum, micros) => sum + micros, 0)),
      undefined,
      0,
    ),
  ];
}

/** Lastseen's steps from the handshake to being in a room: median CPU microseconds of each. */
export function joinSteps(samples: readonly ConnectionSample[]): number[] {
  const steps = samples[0]?.steps ?? [];
  return steps.map((_, step) => median(samples.map((sample) => sample.steps[step] ?? Number.NaN)));
}

export function missesTarget({ ratios, target }: Row): boolean {
  return target !== undefined && ratios.lastseen > target;
}

function row(name: string, unit: string, samples: ByKind<number[]>, target: number | undefined, digits = 1): Row {
  const ratios = byKind((kind) => pairedRatios(samples[kind], samples.ws));
  return {
    name,
    unit,
    digits,
    values: byKind((kind) => median(samples[kind])),
    ratios: byKind((kind) => median(ratios[kind])),
    spread: [quantile(ratios.lastseen, 0.25), quantile(ratios.lastseen, 0.75)],
    target,
  };
}
