import type { Clock } from "../../kernel/clock.js";
import { TimeLimitError, withTimeLimit } from "../../kernel/time-limit.js";

/**
 * {@link withTimeLimit} for requests to a worker process. Two things are different.
 *
 * A service that itself stood still finds the limit passed while the answer waits unread in the pipe, so the pipe is
 * read once more before the worker is blamed. And what a creation yields after its limit must not be lost.
 *
 * @param undo gets a result that came too late
 * @throws TimeLimitError, or what `work` rejects with
 */
export async function limited<T>(
  clock: Clock,
  limitMs: number,
  what: string,
  work: Promise<T>,
  undo?: (late: T) => void,
): Promise<T> {
  let abandoned = false;
  const tracked = work.then((value) => {
    if (abandoned) undo?.(value);
    return value;
  });
  try {
    return await withTimeLimit(clock, limitMs, what, tracked);
  } catch (error) {
    if (!(error instanceof TimeLimitError)) throw error;
    const giveUp = clock.pollPhase().then(() => {
      abandoned = true;
      throw error;
    });
    return await Promise.race([tracked, giveUp]);
  }
}
