import { LastseenApiError } from "./api-error.js";
import { badAnswer } from "./problem.js";

/** One page of a list, and where the next one begins. */
interface Page<T> {
  readonly items: readonly T[];
  /** `null`: this was the last page. */
  readonly next: string | null;
}

/**
 * All items of a list, page after page. A page is asked for when the items of the one before have been used up.
 *
 * @param read asks for the page that begins at the cursor; undefined: the first one
 * @throws LastseenApiError `bad_answer` when the service gives the same cursor again: the list would have no end
 */
export async function* itemsOf<T>(
  where: string,
  read: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined;
  for (;;) {
    const { items, next } = await read(cursor);
    yield* items;
    if (next === null) return;
    if (next === cursor) throw badAnswer(where, "cursor");
    cursor = next;
  }
}

/** @throws LastseenApiError `incomplete` when nodes did not answer */
export function assertComplete(where: string, missing: readonly string[]): void {
  if (missing.length === 0) return;
  const message = `${where}: nodes did not answer, so the list is not complete: ${missing.join(", ")}.`;
  throw new LastseenApiError("incomplete", message, { status: 200, retryable: true, data: { missing } });
}
