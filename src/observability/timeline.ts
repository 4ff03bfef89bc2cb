import type { EndReason, TimelineStep } from "@lastseen/protocol";
import type { Conclusion, Session } from "../session/session.js";
import type { StepDetails } from "./step-details.js";

/** One thing that happened to a session. */
export interface TimelineEntry<S extends TimelineStep = TimelineStep> {
  /** Epoch milliseconds. */
  readonly at: number;
  /** What happened, in the words of the log. */
  readonly step: S;
  readonly detail: StepDetails[S] & WhereAndError;
}

/** What any step can have: the room that the session was in, and the message of the error behind the step. */
type WhereAndError = { readonly roomId?: string; readonly error?: string };

/** What is known of a session that has ended: who it was, and why it ended. */
export interface Ending extends Pick<Session, "id" | "userId" | "name" | "tabId" | "epoch" | "openedAt" | "metadata"> {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly reason: EndReason;
  /** The room that it was in until then. */
  readonly roomId: string | undefined;
  readonly conclusion: Conclusion;
}

const MAX_ENTRIES = 64;
const MAX_ENDED = 1_000;
const KEEP_ENDED_MS = 15 * 60_000;

/**
 * Keeps what happened to each session and why, also for a while after its end. Bounded: of a long life the timeline keeps
 * the first entry and the last ones.
 */
export class Timeline {
  readonly #entries = new Map<string, TimelineEntry[]>();
  readonly #endings = new Map<string, Ending>();
  /** When each session ended, epoch milliseconds, in the order of their ends. */
  readonly #ended = new Map<string, number>();

  record(sessionId: string, entry: TimelineEntry): void {
    const before = this.#entries.get(sessionId);
    const kept = before && before.length >= MAX_ENTRIES ? before.toSpliced(1, 1) : before;
    // `concat` makes an array of just the right size. `push` and spread would reserve space for sixteen more entries.
    this.#entries.set(sessionId, kept ? kept.concat(entry) : [entry]);
  }

  /** Keeps what is known of the session at its end, for as long as its entries. */
  conclude(ending: Ending): void {
    this.#endings.set(ending.id, ending);
  }

  /** The session is over. Its entries are kept for 15 minutes, and only those of the last 1,000 sessions. */
  markEnded(sessionId: string, at: number): void {
    this.#ended.set(sessionId, at);
    for (const [id, endedAt] of this.#ended) {
      if (this.#ended.size <= MAX_ENDED && at - endedAt < KEEP_ENDED_MS) break;
      this.#ended.delete(id);
      this.#entries.delete(id);
      this.#endings.delete(id);
    }
  }

  /** The session has come back from another node. Its entries are kept like those of any session that lives. */
  reopen(sessionId: string): void {
    this.#ended.delete(sessionId);
    this.#endings.delete(sessionId);
  }

  find(sessionId: string): readonly TimelineEntry[] | undefined {
    return this.#entries.get(sessionId);
  }

  findEnding(sessionId: string): Ending | undefined {
    return this.#endings.get(sessionId);
  }

  /** What is known of the sessions that have ended, in the order of their ends. */
  endings(): Ending[] {
    return [...this.#endings.values()];
  }

  get size(): number {
    return this.#entries.size;
  }
}
