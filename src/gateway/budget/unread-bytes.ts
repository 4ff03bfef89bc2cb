/** Somebody to whom bytes are sent. */
export interface Reader {
  /** Bytes that wait in this process for the client to read them. */
  readonly unread: number;
  /** Ends the socket at once. */
  destroyUnread(): void;
}

/** After a cut so much of the limit is used at most, so that the next cut is some time away. */
const LEFT_AFTER_CUT = 3 / 4;

/**
 * What all sockets together have not read yet. Nobody tells when a socket reads, so the sum is what each socket had left at the
 * last send to it, and is counted again before anybody is cut off.
 */
export class UnreadBytes {
  readonly #most: number;
  readonly #byReader = new Map<Reader, number>();
  #total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The sum at this moment. It asks every socket that was behind. */
  total(): number {
    this.#countAgain();
    return this.#total;
  }

  /** The reader has so many unread bytes after a send. When the sum is too large, those with the most unread bytes go. */
  note(reader: Reader, bytes: number): void {
    this.#set(reader, bytes);
    if (this.#total <= this.#most) return;
    this.#countAgain();
    if (this.#total > this.#most) this.#cutSlowest();
  }

  /** The reader's socket has ended. */
  forget(reader: Reader): void {
    this.#set(reader, 0);
  }

  #set(reader: Reader, bytes: number): void {
    this.#total += bytes - (this.#byReader.get(reader) ?? 0);
    if (bytes > 0) this.#byReader.set(reader, bytes);
    else this.#byReader.delete(reader);
  }

  #countAgain(): void {
    for (const reader of this.#byReader.keys()) this.#set(reader, reader.unread);
  }

  #cutSlowest(): void {
    const slowestFirst = [...this.#byReader].toSorted(([, a], [, b]) => b - a);
    for (const [reader] of slowestFirst) {
      if (this.#total <= this.#most * LEFT_AFTER_CUT) return;
      this.forget(reader);
      reader.destroyUnread();
    }
  }
}
