/** Names as people write them: from right to left, with emoji, or with letters of several code points. */

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const [ISOLATE, END_OF_ISOLATE] = ["\u2068", "\u2069"];

/** The first letter of the first and of the last word. A letter is what people see as one, such as a family of emoji. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return first.map((word = "") => [...graphemes.segment(word)][0]?.segment.toLocaleUpperCase() ?? "").join("");
}

/**
 * The name for use inside a sentence. Its direction changes nothing around it: in markup `bdi` does that, in plain text these
 * invisible characters do.
 */
export function isolated(name: string): string {
  return `${ISOLATE}${name}${END_OF_ISOLATE}`;
}
