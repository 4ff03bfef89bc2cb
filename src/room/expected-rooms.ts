interface Expected {
  /** How many sessions are about to enter. */
  sessions: number;
  /** The latest epoch under which the directory gave the room to this node for one of them. */
  epoch: number;
}

/** The rooms that sessions are about to enter. */
export class ExpectedRooms {
  /** A new map replaces an empty one, as in `KeyedQueue`. */
  #rooms = new Map<string, Expected>();

  has(roomId: string): boolean {
    return this.#rooms.has(roomId);
  }

  /** A session is about to enter, until the returned function is called. */
  add(roomId: string): () => void {
    const expected = this.#rooms.get(roomId) ?? { sessions: 0, epoch: 0 };
    this.#rooms.set(roomId, expected);
    expected.sessions += 1;
    return () => {
      expected.sessions -= 1;
      if (expected.sessions === 0) this.#rooms.delete(roomId);
      if (this.#rooms.size === 0) this.#rooms = new Map();
    };
  }

  claimed(roomId: string, epoch: number): void {
    const expected = this.#rooms.get(roomId);
    if (expected) expected.epoch = Math.max(expected.epoch, epoch);
  }

  /** 0 when no session is expected, or nothing has claimed the room. */
  epochOf(roomId: string): number {
    return this.#rooms.get(roomId)?.epoch ?? 0;
  }
}
