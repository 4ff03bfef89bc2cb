import type { LeaveReason } from "@lastseen/protocol";
import type { GivenUp } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { Verdict } from "../session/verdict.js";

/** One thing that happened to a session. */
export interface TimelineEntry {
  /** Epoch milliseconds. */
  at: number;
  /** What happened, in the words of the log. */
  step: string;
  detail: Readonly<Record<string, unknown>>;
}

/** What is known of a session that has ended: who it was, and why it ended. */
export interface Ending extends Pick<Session, "id" | "userId" | "name" | "tabId" | "epoch" | "openedAt" | "metadata"> {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Or how another node came to have it, which goes on with it. */
  readonly reason: LeaveReason | GivenUp;
  /** The room that it was in until then. */
  readonly roomId: string | undefined;
  /** The last verdict, with the evidence that it rests on. */
  readonly verdict: Verdict | undefined;
}

const MAX_ENTRIES = 64;
const MAX_ENDED = 1_000;
const KEEP_ENDED_MS = 15 * 60_000;

/**
 * A bounded flight recorder: what happened to each session and why, kept for a while after its end. The first entry of a
 * session is always kept; of a long life the middle is dropped.
 */
export class Timeline {
  readonly #entries = new Map<string, TimelineEntry[]>();
  readonly #endings = new Map<string, Ending>();
  /** Ended sessions in the order of their end, with the moment. */
  readonly #ended = new Map<string, number>();

  record(sessionId: string, entry: TimelineEntry): void {
    const before = this.#entries.get(sessionId);
    const kept = before && before.length >= MAX_ENTRIES ? before.toSpliced(1, 1) : before;
    // `concat` makes an array of just the right size: one that is pushed to, or spread into, has room for sixteen more.
    this.#entries.set(sessionId, kept ? kept.concat(entry) : [entry]);
  }

  /** Keeps what is known of the session at its end, for as long as its entries. */
  conclude(ending: Ending): void {
    this.#endings.set(ending.id, ending);
  }

  /** The session is over: its entries are kept for a quarter of an hour, those of the last thousand at the most. */
  markEnded(sessionId: string, at: number): void {
    this.#ended.set(sessionId, at);
    for (const [id, endedAt] of this.#ended) {
      if (this.#ended.size <= MAX_ENDED && at - endedAt < KEEP_ENDED_MS) break;
      this.#ended.delete(id);
      this.#entries.delete(id);
      this.#endings.delete(id);
    }
  }

  /** The session has come back from another node: its entries are kept as those of any that lives. */
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

  get size(): number {
    return this.#entries.size;
  }
}
