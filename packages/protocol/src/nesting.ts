import { LIMITS } from "./limits.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Whether lists and objects in a JSON text lie deeper in each other than {@link LIMITS}`.nesting`. It looks at each character at
 * most once and parses nothing, so it may run before everything that calls itself for each level.
 *
 * @param text any text; what it answers for a text that is not JSON has no meaning
 */
export function isNestedTooDeeply(text: string): boolean {
  // Each level needs a character that opens it.
  if (text.length <= LIMITS.nesting) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at + 1);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1;
        if (depth > LIMITS.nesting) return true;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1;
    }
  }
  return false;
}

/** The place of the quote that ends the string, or the end of the text. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}
