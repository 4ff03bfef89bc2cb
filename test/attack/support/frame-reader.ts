/** What a frame of the service says. */
export interface ServerFrame {
  /** 1: text, 8: close, 9: ping, 10: pong. */
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Takes the bytes that come after a handshake, and gives the whole frames in them. The service's frames have no mask. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<ServerFrame> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let next = firstFrame(bytes); next; next = firstFrame(bytes)) {
      yield next.frame;
      bytes = bytes.subarray(next.end);
    }
    this.#rest = bytes;
  }
}

function firstFrame(bytes: Buffer): { frame: ServerFrame; end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { frame: { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(start, end) }, end };
}
