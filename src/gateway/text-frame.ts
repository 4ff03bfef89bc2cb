/** The first byte of a whole text frame (RFC 6455, section 5.2). */
const FINAL_TEXT = 0x81;
/** A payload of more bytes has its length in two bytes of its own. */
const SHORT = 125;
const LENGTH_FOLLOWS = 126;
/** Head and payload of a longer text are not put together: many sockets may have to keep it, and then share its bytes. */
const MOST_TOGETHER = 4_000;

/**
 * A text in the form in which a server sends it by WebSocket, in one piece: a socket takes one piece faster than two.
 *
 * @returns undefined for a text that is so long that it is better sent in two
 */
export function textFrame(text: string | Buffer): Buffer | undefined {
  const length = typeof text === "string" ? Buffer.byteLength(text) : text.length;
  if (length > MOST_TOGETHER) return undefined;
  const isShort = length <= SHORT;
  const headLength = isShort ? 2 : 4;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = FINAL_TEXT;
  frame[1] = isShort ? length : LENGTH_FOLLOWS;
  if (!isShort) frame.writeUInt16BE(length, 2);
  if (typeof text === "string") frame.write(text, headLength);
  else frame.set(text, headLength);
  return frame;
}
