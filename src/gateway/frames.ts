/**
 * The WebSocket frames that the service writes (RFC 6455, section 5.2): each is a whole message, and not masked, as the frames
 * of a server have to be. ws makes a frame for each send and writes its head and its text as two parts. What the service sends
 * most is the same for many sockets, so it is made once here and written as one part.
 */
import { encodePong } from "@lastseen/protocol/codec";

/** The first byte of a frame: FIN and the opcode. */
const TEXT = 0x81;
const PING = 0x89;

/** A WebSocket ping without data. */
export const PING_FRAME: Buffer = Buffer.from([PING, 0]);

/** Rosters with a higher version get their pong made for each ping. */
const KEPT_PONGS = 1_000;

/** A frame with this text. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : length < 0x1_0000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = TEXT;
  if (head === 2) {
    frame[1] = length;
  } else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, head);
  return frame;
}

/** Makes frames, and keeps those that are sent again. */
export class Frames {
  readonly #pong: Buffer = textFrame(encodePong(undefined));
  /** By the version of the roster. */
  readonly #pongs: (Buffer | undefined)[] = [];
  #lastText = "";
  #lastFrame: Buffer = textFrame("");

  /** The answer to a ping. @param version of the roster; undefined when the session is in no room */
  pong(version: number | undefined): Buffer {
    if (version === undefined) return this.#pong;
    if (version >= KEPT_PONGS) return textFrame(encodePong(version));
    return (this.#pongs[version] ??= textFrame(encodePong(version)));
  }

  /** The same text often goes to all members of a room, one after the other. */
  text(text: string): Buffer {
    if (text !== this.#lastText) {
      this.#lastFrame = textFrame(text);
      this.#lastText = text;
    }
    return this.#lastFrame;
  }
}
