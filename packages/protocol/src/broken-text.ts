/** Finds text that is not well-formed Unicode inside JSON data. */
import { cutText, isWellFormed, toWellFormed } from "./text.js";

/** JSON text can have half of a character only as an escape, because UTF-8 cannot carry it. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/** Longest path in a reason, UTF-16 units. */
const PATH_LENGTH = 128;

interface Place {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Place | undefined;
}

/** Whether JSON text that came as UTF-8 can have broken text in it. A quick look: most frames need no more. */
export function mayBreak(json: string): boolean {
  return json.includes("\\u") && ESCAPED_SURROGATE.test(json);
}

/**
 * The first text or key in the data that is not well-formed Unicode. It uses no recursion, so deep data cannot exhaust the
 * stack.
 *
 * @param name what the data is called in the reason
 * @param isExempt whether text at this path may be broken, because it is mended later
 * @returns what is wrong, in a sentence that names the field, or undefined
 */
export function findBrokenText(
  data: unknown,
  name: string,
  isExempt: (path: string) => boolean = () => false,
): string | undefined {
  const places: Place[] = [{ value: data, key: name, parent: undefined }];
  for (let place = places.pop(); place; place = places.pop()) {
    const { value } = place;
    if (typeof value === "string") {
      if (isWellFormed(value) || isExempt(pathOf(place))) continue;
      return `${cutText(pathOf(place), PATH_LENGTH)} ${BROKEN}`;
    }
    if (typeof value !== "object" || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (!isWellFormed(key)) return `the name of a field in ${cutText(pathOf(place), PATH_LENGTH)} ${BROKEN}`;
      places.push({ value: inner, key, parent: place });
    }
  }
  return undefined;
}

/** A copy of JSON data with U+FFFD in place of each half of a character. */
export function mended(data: unknown): unknown {
  if (typeof data === "string") return toWellFormed(data);
  if (Array.isArray(data)) return data.map(mended);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [toWellFormed(key), mended(value)]));
}

const BROKEN = "must be well-formed Unicode: it has half of a character that was cut in two";

function pathOf(place: Place): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at; at = at.parent) keys.push(at.key);
  return keys.toReversed().join(".");
}
