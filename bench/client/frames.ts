/** WebSocket frames (RFC 6455, section 5) as a client needs them: masked out, plain in, never fragmented. */

export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** One frame, ready to be written as often as wanted. */
export function encodeFrame(opcode: number, payload: Buffer): Buffer {
  const length = payload.length;
  if (length > 0xffff) throw new RangeError("the bench sends no frames of that size");
  const head = length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.from([0x80 | opcode, 0xfe, 0, 0]);
  if (length >= 126) head.writeUInt16BE(length, 2);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (MASK[index % 4] ?? 0)));
  return Buffer.concat([head, MASK, masked]);
}

export function encodeText(text: string): Buffer {
  return encodeFrame(OPCODE.text, Buffer.from(text));
}

/**
 * Reads all complete frames of `bytes`.
 *
 * @returns the beginning of a frame whose rest has not arrived yet; undefined when there is none
 */
export function readFrames(bytes: Buffer, frame: (opcode: number, payload: Buffer) => void): Buffer | undefined {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const short = bytes.readUInt8(at + 1);
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (at + head > bytes.length) break;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    if (at + head + length > bytes.length) break;
    frame(bytes.readUInt8(at) & 0x0f, bytes.subarray(at + head, at + head + length));
    at += head + length;
  }
  return at === bytes.length ? undefined : bytes.subarray(at);
}
