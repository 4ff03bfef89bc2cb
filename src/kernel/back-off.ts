/** How the pauses between attempts grow. */
export interface BackOff {
  /** The pause after the first failure, milliseconds. Each further failure in a row doubles it. */
  readonly firstMs: number;
  /** No pause is longer than this, milliseconds. */
  readonly mostMs: number;
  /** The share of a pause that chance may take away, from 0 (all pauses are full) to 1. */
  readonly jitter: number;
}

/**
 * How long to wait before the next attempt, in milliseconds. The jitter keeps processes that failed together from trying
 * again together.
 *
 * @param failures failures in a row, at least 1
 * @param random from 0 to 1; not used without jitter
 */
export function backOff(failures: number, { firstMs, mostMs, jitter }: BackOff, random = 0): number {
  const fullMs = Math.min(firstMs * 2 ** (failures - 1), mostMs);
  return fullMs * (1 - jitter * random);
}
