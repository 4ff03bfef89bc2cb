const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * How long to wait after so many failures in a row: 1, 2, 4 … 60 s, each shortened by up to a half, so that nodes do not
 * come back all at once.
 *
 * @param random from 0 to 1
 */
export function pauseAfter(failures: number, random: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 10), LONGEST_MS) * (1 - random / 2);
}
