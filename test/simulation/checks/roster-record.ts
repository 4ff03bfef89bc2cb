/** The room of a socket as its frames describe it. V4: nobody joins twice, and nobody leaves who is not there. */
export class RosterRecord {
  readonly #fail: (message: string) => void;
  #members: Set<string> | undefined;

  constructor(fail: (message: string) => void) {
    this.#fail = fail;
  }

  snapshot(participants: readonly { sessionId: string }[]): void {
    this.#members = new Set(participants.map(({ sessionId }) => sessionId));
  }

  event(type: string, data: { sessionId?: string; participant?: { sessionId: string } }): void {
    if (!this.#members) return;
    if (type === "user_joined" && data.participant) {
      const { sessionId } = data.participant;
      if (this.#members.has(sessionId)) this.#fail("somebody was told to have joined who was there already");
      this.#members.add(sessionId);
    } else if (type === "user_left" && data.sessionId !== undefined) {
      if (!this.#members.delete(data.sessionId)) this.#fail("somebody was told to have left who was not there");
    }
  }

  leave(): void {
    this.#members = undefined;
  }
}
