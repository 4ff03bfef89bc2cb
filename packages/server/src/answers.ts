/**
 * The answers of the service. A newer service may send more fields and more words than this version knows, so only the fields
 * that this package itself uses are checked.
 */
import { badAnswer, fieldsOf } from "./problem.js";

/** @throws LastseenApiError `bad_answer` when the answer is no object, or lacks one of the lists */
export function answerOf<T>(where: string, body: unknown, lists: readonly (keyof T & string)[] = []): T {
  const fields = fieldsOf(body);
  for (const name of lists) if (!Array.isArray(fields[name])) throw badAnswer(where, name);
  if (fields !== body) throw badAnswer(where, "body");
  return body as T;
}

/** @throws LastseenApiError `bad_answer` when the cursor is neither text nor null */
export function checkCursor(where: string, field: string, cursor: unknown): void {
  if (cursor !== null && (typeof cursor !== "string" || cursor === "")) throw badAnswer(where, field);
}
