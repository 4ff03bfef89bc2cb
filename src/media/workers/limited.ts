import type { Clock } from "../../kernel/clock.js";
import { TimeLimitError, withTimeLimit } from "../../kernel/time-limit.js";

/**
 * {@link withTimeLimit} for requests to a worker process, with two differences. When the service itself stood still, the
 * limit has passed while the answer waits unread in the pipe; so the pipe is read once more before the request fails.
 * And an object that a request creates after its limit is not lost: `undo` gets it.
 *
 * @param undo gets a result that came after the limit
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
