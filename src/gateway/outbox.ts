/** A socket that holds back what was written to it. */
export interface Held {
  /** Sends what was held back. */
  release(): void;
}

/** When so many bytes are held back they are sent at once, so that they need no limit of their own. */
const MOST_HELD_BYTES = 1024 * 1024;

/**
 * Events wait here until the process has read everything that has arrived. When many people join a room at the same moment, each
 * member gets many events; written together they cost about as much as one. The order of frames on one socket stays.
 */
export class Outbox {
  readonly #pollPhase: () => Promise<void>;
  #held: Held[] = [];
  #bytes = 0;

  /** @param pollPhase resolves after the event loop has read everything that waits in its sockets */
  constructor(pollPhase: () => Promise<void>) {
    this.#pollPhase = pollPhase;
  }

  /** The socket begins to hold back. */
  hold(socket: Held): void {
    if (this.#held.length === 0) void this.#pollPhase().then(() => this.#flush());
    this.#held.push(socket);
  }

  /** A socket that holds back was written so many bytes. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MOST_HELD_BYTES) this.#flush();
  }

  #flush(): void {
    const held = this.#held;
    this.#held = [];
    this.#bytes = 0;
    for (const socket of held) socket.release();
  }
}
