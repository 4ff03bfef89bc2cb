/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share 0 for the smallest value, 1 for the largest; between two values it is interpolated */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Each value divided by the one that was measured next to it: what slowed both down cancels out. */
export function pairedRatios(values: readonly number[], yardstick: readonly number[]): number[] {
  return values.map((value, index) => value / (yardstick[index] ?? Number.NaN));
}
