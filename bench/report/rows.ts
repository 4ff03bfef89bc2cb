/** The measurements as rows of numbers. */
import { type ByKind, byKind } from "../measure/by-kind.js";
import type { ConnectionSample } from "../measure/connections.js";
import type { PingSamples } from "../measure/pings.js";
import type { StormSample } from "../measure/storm.js";
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

export const TARGETS = { saturated: 1, steady: 1.05, memoryPerSession: 1.5, connect: 2.5 } as const;

export function rowsOf(
  pings: PingSamples,
  connections: ByKind<ConnectionSample[]>,
  storms: ByKind<StormSample[]>,
  stormClients: number,
): Row[] {
  const ofStorm = (read: (sample: StormSample) => number): ByKind<number[]> => byKind((kind) => storms[kind].map(read));
  const storm = `Storm of ${stormClients.toLocaleString("en")}`;
  const each = (read: (sample: ConnectionSample) => number): ByKind<number[]> =>
    byKind((kind) => connections[kind].map(read));
  return [
    row("CPU per ping, saturated", "µs", pings.saturated, TARGETS.saturated),
    row("CPU per ping, steady rate", "µs", pings.paced, TARGETS.steady),
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
      TARGETS.connect,
      0,
    ),
    row(
      `${storm}: until all are back`,
      "s",
      ofStorm(({ backMs }) => backMs / 1000),
      undefined,
    ),
    row(
      `${storm}: event loop, p99`,
      "ms",
      ofStorm(({ p99 }) => p99),
      undefined,
      0,
    ),
    row(
      `${storm}: CPU per client`,
      "µs",
      ofStorm(({ cpu }) => cpu),
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
