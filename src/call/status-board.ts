/**
 * Tells those who watch a user what the user's status is. A status is never kept as a truth: whatever may have changed it
 * (`touch`) makes it be derived anew, once at a time and user, and only what differs from what the watchers were last told
 * is sent.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import { LastseenError, type UserStatus } from "@lastseen/protocol";
import type { Session } from "../session/session.js";

/** Most users that one session may watch. */
export const MOST_WATCHED = 200;
/** After this time a status that could not be derived, or that contradicts a hint, is derived again. */
const AGAIN_MS = 1_000;
/** Statuses that are derived at the same time after messages were missed. */
const AT_ONCE = 16;

/** `lastsMs`: when it may change by itself, as the ring of a call does. */
export type DeriveStatus = (userId: string) => Promise<{ status: UserStatus; lastsMs?: number }>;

interface Watched {
  readonly userId: string;
  readonly watchers: Set<Session>;
  /** What the watchers were last told. */
  status: UserStatus | undefined;
  /** Who waits for the first answer. */
  asking: number;
  deriving: Promise<void> | undefined;
  again: boolean;
  timer: Timer | undefined;
}

export class StatusBoard {
  readonly #clock: Clock;
  readonly #derive: DeriveStatus;
  readonly #watched = new Map<string, Watched>();
  readonly #ofSession = new Map<Session, Set<string>>();
  #closed = false;

  constructor(options: { clock: Clock; derive: DeriveStatus }) {
    this.#clock = options.clock;
    this.#derive = options.derive;
  }

  /** Users whom somebody here watches. */
  get size(): number {
    return this.#watched.size;
  }

  /**
   * From now on the session is told of changes.
   *
   * @param watching called with the present statuses in the turn from which on changes are told
   * @throws LastseenError `rate_limited` when it would watch too many; `overloaded` when a status can't be told now
   */
  async watch(session: Session, userIds: readonly string[], watching: (statuses: Statuses) => void): Promise<void> {
    const own = this.#ofSession.get(session) ?? new Set<string>();
    if (new Set([...own, ...userIds]).size > MOST_WATCHED) {
      throw new LastseenError("rate_limited", `One session can watch ${MOST_WATCHED} users.`);
    }
    const entries = [...new Set(userIds)].map((userId) => this.#entry(userId));
    for (const entry of entries) entry.asking += 1;
    try {
      await Promise.all(entries.map((entry) => this.#refresh(entry)));
      if (session.status !== "open") throw new LastseenError("fenced", "The session has ended.");
      for (const entry of entries) {
        entry.watchers.add(session);
        own.add(entry.userId);
      }
      this.#ofSession.set(session, own);
      watching(entries.map(({ userId, status = "offline" }) => ({ userId, status })));
    } finally {
      for (const entry of entries) {
        entry.asking -= 1;
        this.#forgetIfUnwatched(entry);
      }
    }
  }

  /** Tells nothing more of these users. Returns their statuses as the session was last told. */
  unwatch(session: Session, userIds: readonly string[]): Statuses {
    const own = this.#ofSession.get(session);
    const statuses = [...new Set(userIds)]
      .filter((userId) => own?.has(userId))
      .map((userId) => ({ userId, status: this.#watched.get(userId)?.status ?? ("offline" as const) }));
    for (const { userId } of statuses) this.#remove(session, userId);
    return statuses;
  }

  /** The session has ended. */
  forget(session: Session): void {
    for (const userId of this.#ofSession.get(session) ?? []) this.#remove(session, userId);
  }

  /**
   * The user's status may have changed.
   *
   * @param hint what another node says it is; where the store does not agree (yet), it is asked again
   */
  touch(userId: string, hint?: UserStatus): void {
    const entry = this.#watched.get(userId);
    if (!entry) return;
    void this.#refresh(entry).then(
      () => {
        if (hint !== undefined && entry.status !== hint) this.#later(entry, AGAIN_MS);
      },
      () => undefined,
    );
  }

  /** News may have been missed: everything is derived anew, a few at a time, and once more when its cause is written. */
  async repair(): Promise<void> {
    const all = [...this.#watched.values()];
    for (let from = 0; from < all.length && !this.#closed; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE);
      await Promise.allSettled(some.map((entry) => this.#refresh(entry)));
      for (const entry of some) this.#later(entry, AGAIN_MS);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#watched.values()) timer?.cancel();
    this.#watched.clear();
    this.#ofSession.clear();
  }

  #entry(userId: string): Watched {
    const known = this.#watched.get(userId);
    if (known) return known;
    const nothing = { status: undefined, deriving: undefined, timer: undefined };
    const entry: Watched = { userId, watchers: new Set(), asking: 0, again: false, ...nothing };
    this.#watched.set(userId, entry);
    return entry;
  }

  /** Joins the derivation under way, which then runs once more. @throws LastseenError `overloaded` */
  #refresh(entry: Watched): Promise<void> {
    entry.again = entry.deriving !== undefined;
    entry.deriving ??= this.#deriveUntilQuiet(entry);
    return entry.deriving;
  }

  async #deriveUntilQuiet(entry: Watched): Promise<void> {
    try {
      let derived: Awaited<ReturnType<DeriveStatus>>;
      do {
        entry.again = false;
        derived = await this.#derive(entry.userId);
      } while (entry.again);
      // In the same turn as the last look at `again`: whoever comes later begins a new derivation.
      entry.deriving = undefined;
      entry.timer?.cancel();
      entry.timer = undefined;
      if (derived.lastsMs !== undefined) this.#later(entry, derived.lastsMs + AGAIN_MS);
      this.#tell(entry, derived.status);
    } catch (error) {
      entry.deriving = undefined;
      this.#later(entry, AGAIN_MS);
      throw new LastseenError("overloaded", "The status can't be told at this moment; try again.", { cause: error });
    }
  }

  #tell(entry: Watched, status: UserStatus): void {
    if (entry.status === status) return;
    entry.status = status;
    for (const session of entry.watchers) {
      session.connection?.sendEvent("user_status", { userId: entry.userId, status });
    }
  }

  #later(entry: Watched, delayMs: number): void {
    if (this.#closed || this.#watched.get(entry.userId) !== entry) return;
    entry.timer?.cancel();
    entry.timer = this.#clock.after(delayMs, () => this.touch(entry.userId));
  }

  #remove(session: Session, userId: string): void {
    const own = this.#ofSession.get(session);
    own?.delete(userId);
    if (own?.size === 0) this.#ofSession.delete(session);
    const entry = this.#watched.get(userId);
    if (!entry) return;
    entry.watchers.delete(session);
    this.#forgetIfUnwatched(entry);
  }

  #forgetIfUnwatched(entry: Watched): void {
    if (entry.watchers.size > 0 || entry.asking > 0) return;
    entry.timer?.cancel();
    if (this.#watched.get(entry.userId) === entry) this.#watched.delete(entry.userId);
  }
}

export type Statuses = { userId: string; status: UserStatus }[];
