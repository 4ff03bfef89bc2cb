/** What `lastseen_ghost_detection_seconds` has counted for one cause. */
export interface Detections {
  cause: string;
  count: number;
  meanSeconds: number;
  /** Upper end of the bucket that holds the longest. */
  withinSeconds: number;
}

interface Samples {
  sum: number;
  count: number;
  /** How many were not longer, by the upper ends in seconds. */
  buckets: Map<number, number>;
}

const SAMPLE = /^lastseen_ghost_detection_seconds_(bucket|sum|count)\{(.*)\} (\S+)$/;

/**
 * The causes that have occurred.
 *
 * @param scrapes the answer of `/metrics` of each service
 */
export function readDetections(scrapes: readonly string[]): Detections[] {
  return [...samplesByCause(scrapes)]
    .filter(([, { count }]) => count > 0)
    .map(([cause, { sum, count, buckets }]) => ({
      cause,
      count,
      meanSeconds: sum / count,
      withinSeconds: Math.min(...[...buckets].filter(([, held]) => held === count).map(([end]) => end)),
    }));
}

function samplesByCause(scrapes: readonly string[]): Map<string, Samples> {
  const causes = new Map<string, Samples>();
  for (const line of scrapes.flatMap((text) => text.split("\n"))) {
    const [, part, labels = "", value] = SAMPLE.exec(line) ?? [];
    const cause = /cause="(\w+)"/.exec(labels)?.[1];
    if (cause === undefined) continue;
    const samples = causes.get(cause) ?? { sum: 0, count: 0, buckets: new Map<number, number>() };
    causes.set(cause, samples);
    if (part === "sum") samples.sum += Number(value);
    else if (part === "count") samples.count += Number(value);
    else {
      const end = Number(/le="([^"]+)"/.exec(labels)?.[1]?.replace("+Inf", "Infinity"));
      samples.buckets.set(end, (samples.buckets.get(end) ?? 0) + Number(value));
    }
  }
  return causes;
}
