import type { Participant } from "@lastseen/client";

type Sender = Pick<Participant, "sessionId" | "producers">;

/** What one participant has begun to send, and what not any more, by its source. */
export interface SentChange {
  readonly sessionId: string;
  readonly began: readonly string[];
  readonly stopped: readonly string[];
}

/**
 * Compares one roster with the next. Somebody who goes on in another tab sends the same sources by new producers, and has two of a
 * source for a moment: that is no change.
 */
export class SentSources {
  #before = new Map<string, ReadonlySet<string>>();

  changes(participants: readonly Sender[]): SentChange[] {
    const now = new Map(
      participants.map(({ sessionId, producers }) => [
        sessionId,
        new Set(producers.map(({ source, kind }) => source ?? kind)),
      ]),
    );
    const changes = [...now].flatMap(([sessionId, sources]) => {
      const before = this.#before.get(sessionId);
      if (!before) return [];
      const began = [...sources].filter((source) => !before.has(source));
      const stopped = [...before].filter((source) => !sources.has(source));
      return began.length + stopped.length > 0 ? [{ sessionId, began, stopped }] : [];
    });
    this.#before = now;
    return changes;
  }
}
