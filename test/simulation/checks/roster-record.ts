interface RoomSeen {
  readonly participants: readonly { sessionId: string }[];
  readonly next?: string | undefined;
}

/** The room of a socket as its frames describe it. V4: nobody joins twice, and nobody leaves who is not there. */
export class RosterRecord {
  readonly #fail: (message: string) => void;
  #members: Set<string> | undefined;
  /** The snapshot had only the first page of the list, or the service has told changes in batches since. */
  #isPartial = false;

  constructor(fail: (message: string) => void) {
    this.#fail = fail;
  }

  snapshot({ participants, next }: RoomSeen): void {
    this.#members = new Set(participants.map(({ sessionId }) => sessionId));
    this.#isPartial = next !== undefined;
  }

  event(type: string, data: { sessionId?: string; participant?: { sessionId: string } }): void {
    if (!this.#members) return;
    // A batch tells states, so that it may repeat what a snapshot has told.
    if (type === "roster_changed") this.#isPartial = true;
    else if (type === "user_joined" && data.participant) {
      const { sessionId } = data.participant;
      if (this.#members.has(sessionId) && !this.#isPartial)
        this.#fail("somebody was told to have joined who was there already");
      this.#members.add(sessionId);
    } else if (type === "user_left" && data.sessionId !== undefined) {
      if (!this.#members.delete(data.sessionId) && !this.#isPartial)
        this.#fail("somebody was told to have left who was not there");
    }
  }

  leave(): void {
    this.#members = undefined;
  }
}
