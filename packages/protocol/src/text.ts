/**
 * What text the service takes: ids, and text in general. Everybody who takes an id from outside calls these functions, so
 * that each refusal gives the same reason. See also `names.ts`.
 *
 * "Character" means Unicode code point, here and wherever the protocol gives a length. JSON Schema and most languages other
 * than JavaScript count so too.
 */
import { LIMITS } from "./limits.js";

/** Half of a character: what remains when a program cuts text between two UTF-16 units. UTF-8 and Redis cannot carry it. */
const LONE_SURROGATES = /\p{Surrogate}/gu;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** C0, DEL and C1 controls, and the line and paragraph separators: they break log lines and terminals. */
const CONTROL = /[\p{Control}\u2028\u2029]/u;
/** Characters that change the direction of the text after them, so that one id looks like another one. */
const DIRECTION = /\p{Bidi_Control}/u;
/** Anything that a person can see. U+2800 is the empty Braille pattern. */
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Control}\p{Surrogate}\u2800]/u;

/**
 * Checks a user id: 1–128 characters of well-formed Unicode; no control, line-separator or direction characters; no white space at
 * either end; at least one visible character; not `.` or `..`, because the path of a URL cannot carry these two. Ids are
 * compared exactly as given: the service never changes, folds or normalizes them.
 *
 * @returns what is wrong, for a sentence that begins with the name of the field or claim ("sub must not be empty"), or
 *   undefined when the id is right. It never repeats the id
 */
export function checkUserId(id: unknown): string | undefined {
  return checkId(id, LIMITS.idLength);
}

/** Checks a room id. The rules are those of {@link checkUserId}. */
export function checkRoomId(id: unknown): string | undefined {
  return checkId(id, LIMITS.idLength);
}

/** Checks a tab id: at most 64 characters, otherwise the rules of {@link checkUserId}. */
export function checkTabId(id: unknown): string | undefined {
  return checkId(id, LIMITS.tabIdLength);
}

/** Whether the text is well-formed Unicode. `String.prototype.isWellFormed` is missing in browsers before 2023. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The text with U+FFFD in place of each half of a character, like `String.prototype.toWellFormed`. */
export function toWellFormed(text: string): string {
  return text.replace(LONE_SURROGATES, "\uFFFD");
}

/** The text without control, line-separator and direction characters. */
export function withoutControls(text: string): string {
  return text.replace(/[\p{Control}\p{Bidi_Control}\u2028\u2029]/gu, "");
}

/** Whether a person can see anything of the text. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}

/** The beginning of a text, at most `most` UTF-16 units long, that does not end inside a character. */
export function cutText(text: string, most: number): string {
  const cut = text.slice(0, most);
  return cut.length < text.length && /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/** Number of characters, counted no further than `most + 1`. */
export function lengthUpTo(text: string, most: number): number {
  if (text.length <= most) return text.length;
  let count = 0;
  for (let at = 0; at < text.length && count <= most; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

function checkId(id: unknown, most: number): string | undefined {
  if (typeof id !== "string") return "must be a string";
  if (id === "") return "must not be empty";
  if (lengthUpTo(id, most) > most) return `must be at most ${most} characters long`;
  if (!isWellFormed(id)) return "must be well-formed Unicode: it has half of a character that was cut in two";
  if (CONTROL.test(id)) return "must not have control characters";
  if (DIRECTION.test(id)) return "must not have characters that change the direction of text";
  if (id.trim() !== id) return "must not begin or end with white space";
  if (!VISIBLE.test(id)) return "must have a visible character";
  if (id === "." || id === "..") return 'must not be "." or "..": the path of a URL cannot carry them';
  return undefined;
}
