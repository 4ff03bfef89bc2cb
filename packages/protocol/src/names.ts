/** Names that people see. A name is never refused: what cannot be shown is taken out. */
import { LIMITS } from "./limits.js";
import { cutText, isVisible, lengthUpTo, toWellFormed, withoutControls } from "./text.js";

/** Invisible characters that no script needs. ZWJ and ZWNJ stay, because emoji, Persian and Indic scripts need them. */
const NEEDLESS = /\u034F|[\u00AD\u180E\u200B\u2060-\u2064\u206A-\u206F\uFEFF\uFFF9-\uFFFB]/gu;
/** No more of a name is read, so that the work has a bound. UTF-16 units. */
const MOST_READ = LIMITS.nameLength * 8;

/**
 * The name that others see. Control characters, characters that change the direction of text, and invisible characters that
 * no script needs are taken out. Half characters become U+FFFD. White space and joiners at the ends go. At most 128 characters
 * remain, cut between two characters as people see them. When nothing visible is left, the user's id stands in.
 *
 * @param name as the client or the token gave it; anything but text counts as no name
 */
export function shownName(name: unknown, userId: string): string {
  const clean = typeof name === "string" ? cleanName(name) : "";
  return isVisible(clean) ? clean : userId;
}

function cleanName(name: string): string {
  const clean = trimmed(withoutControls(toWellFormed(cutText(name, MOST_READ))).replace(NEEDLESS, ""));
  return lengthUpTo(clean, LIMITS.nameLength) > LIMITS.nameLength ? trimmed(shortened(clean)) : clean;
}

/** Without white space and joiners at its ends. */
function trimmed(text: string): string {
  const isEdge = (unit: string | undefined) => unit === "\u200C" || unit === "\u200D" || unit?.trim() === "";
  let start = 0;
  let end = text.length;
  while (start < end && isEdge(text[start])) start += 1;
  while (end > start && isEdge(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

/** The first graphemes that together have at most `nameLength` characters; of one that is longer, its beginning. */
function shortened(text: string): string {
  const kept = Array.from(text).slice(0, LIMITS.nameLength).join("");
  let whole = 0;
  for (const { index, segment } of new Intl.Segmenter().segment(text)) {
    if (index + segment.length > kept.length) break;
    whole = index + segment.length;
  }
  return whole === 0 ? kept : kept.slice(0, whole);
}
