/** The log keeps so many characters of what a client sent, because a client may send any text. */
const SHOWN_LENGTH = 200;

/** The beginning of a client's text, for the log. */
export function shown<T extends string | undefined>(text: T): T | string {
  return text === undefined ? text : text.slice(0, SHOWN_LENGTH);
}
