import type { Clock } from "./clock.js";

/** The time limit ran out. The work may still end later; its result is dropped. */
export class TimeLimitError extends Error {
  override readonly name = "TimeLimitError";
}

/**
 * Settles like `work`, or rejects with a {@link TimeLimitError} after `limitMs`.
 *
 * @param what names the work in the error's message
 */
export function withTimeLimit<T>(clock: Clock, limitMs: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(limitMs, () => reject(new TimeLimitError(`${what} took longer than ${limitMs} ms`)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}
