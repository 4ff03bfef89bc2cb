import type { Clock, Timer } from "../kernel/clock.js";
import { LastseenError, type UserStatus } from "@lastseen/protocol";
import type { Session } from "../session/session.js";
import type { FollowedUsers } from "./followed-users.js";
import { assertMayCall } from "./permission.js";

/** A session may watch so many users. */
export const MOST_WATCHED = 200;
/** After this time a status is read again that could not be read, or that another node has contradicted. */
const AGAIN_MS = 1_000;
/** So many statuses are read at the same time after messages were lost. */
const AT_ONCE = 16;

/** Reads a user's status from the store. `lastsMs`: the time after which it may change by itself. */
export type ReadStatus = (userId: string) => Promise<{ status: UserStatus; lastsMs?: number }>;
/** The status of a user as one session is told it. */
export type SeenBy = (session: Session, userId: string, status: UserStatus) => UserStatus;
export type Statuses = { userId: string; status: UserStatus }[];

interface WatchedUser {
  readonly userId: string;
  /** With what each watcher was last told. */
  readonly watchers: Map<Session, UserStatus>;
  /** As it was last read. */
  status: UserStatus | undefined;
  /** Requests that wait for the first status. */
  asking: number;
  reading: Promise<void> | undefined;
  /** The status may have changed since the reading began. */
  readAgain: boolean;
  timer: Timer | undefined;
}

/**
 * Tells sessions that watch a user the user's status. This class does not keep the status as a fact: whenever it may have
 * changed (`mayHaveChanged`), the status is read from the store again, once at a time for each user. The watchers are told
 * only when it differs from what they were last told.
 */
export class StatusSubscriptions {
  readonly #clock: Clock;
  readonly #read: ReadStatus;
  readonly #seenBy: SeenBy;
  readonly #followed: FollowedUsers;
  readonly #users = new Map<string, WatchedUser>();
  readonly #ofSession = new Map<Session, Set<string>>();
  #closed = false;

  constructor(options: { clock: Clock; read: ReadStatus; seenBy: SeenBy; followed: FollowedUsers }) {
    this.#clock = options.clock;
    this.#followed = options.followed;
    this.#read = options.read;
    this.#seenBy = options.seenBy;
  }

  /** Users whom a session here watches. */
  get size(): number {
    return this.#users.size;
  }

  /**
   * Begins to tell the session about changes.
   *
   * @param watching called with the present statuses; every later change is told as an event
   * @throws LastseenError `forbidden` when the token does not allow it; `rate_limited` when the session would watch too many users; `overloaded` when the store does not
   * answer; `fenced` when the session has ended
   */
  async watch(session: Session, userIds: readonly string[], watching: (statuses: Statuses) => void): Promise<void> {
    assertMayCall(session);
    this.#assertNotTooMany(session, userIds);
    const users = [...new Set(userIds)].map((userId) => this.#user(userId));
    for (const user of users) user.asking += 1;
    try {
      await Promise.all(users.map((user) => this.#followed.heardOf(user.userId).then(() => this.#refresh(user))));
      if (session.status !== "open") throw new LastseenError("fenced", "The session has ended.");
      assertMayCall(session);
      // The session may have asked for others meanwhile, on another connection.
      this.#assertNotTooMany(session, userIds);
      const own = this.#ofSession.get(session) ?? new Set<string>();
      const statuses = users.map((user) => {
        const status = this.#seenBy(session, user.userId, user.status ?? "offline");
        user.watchers.set(session, status);
        own.add(user.userId);
        return { userId: user.userId, status };
      });
      this.#ofSession.set(session, own);
      watching(statuses);
    } finally {
      for (const user of users) {
        user.asking -= 1;
        this.#forgetIfUnwatched(user);
      }
    }
  }

  /** Stops telling the session about these users. @returns their statuses, as the session was last told */
  unwatch(session: Session, userIds: readonly string[]): Statuses {
    const own = this.#ofSession.get(session);
    const statuses = [...new Set(userIds)]
      .filter((userId) => own?.has(userId))
      .map((userId) => ({ userId, status: this.#users.get(userId)?.watchers.get(session) ?? ("offline" as const) }));
    for (const { userId } of statuses) this.#remove(session, userId);
    return statuses;
  }

  /** The session has ended: it watches nobody. */
  forget(session: Session): void {
    for (const userId of this.#ofSession.get(session) ?? []) this.#remove(session, userId);
  }

  /** @param claimed the status that another node has told; if the store does not say the same yet, it is read again */
  mayHaveChanged(userId: string, claimed?: UserStatus): void {
    const user = this.#users.get(userId);
    if (!user) return;
    void this.#refresh(user).then(
      () => {
        if (claimed !== undefined && user.status !== claimed) this.#refreshAfter(user, AGAIN_MS);
      },
      () => undefined,
    );
  }

  /**
   * Messages of other nodes were lost: reads every status again, a few at a time. Reads each of them once more later,
   * because the change that the message told about may reach the directory after the message.
   */
  async refreshAll(): Promise<void> {
    const all = [...this.#users.values()];
    for (let from = 0; from < all.length && !this.#closed; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE);
      await Promise.allSettled(some.map((user) => this.#refresh(user)));
      for (const user of some) this.#refreshAfter(user, AGAIN_MS);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#users.values()) timer?.cancel();
    this.#users.clear();
    this.#ofSession.clear();
  }

  #assertNotTooMany(session: Session, userIds: readonly string[]): void {
    if (new Set([...(this.#ofSession.get(session) ?? []), ...userIds]).size <= MOST_WATCHED) return;
    throw new LastseenError("rate_limited", `One session can watch ${MOST_WATCHED} users.`);
  }

  #user(userId: string): WatchedUser {
    const known = this.#users.get(userId);
    if (known) return known;
    const nothing = { status: undefined, reading: undefined, timer: undefined };
    const user: WatchedUser = { userId, watchers: new Map(), asking: 0, readAgain: false, ...nothing };
    this.#users.set(userId, user);
    this.#followed.add(userId);
    return user;
  }

  /** Reads the status. A reading under way is joined, and is then repeated. @throws LastseenError `overloaded` */
  #refresh(user: WatchedUser): Promise<void> {
    user.readAgain = user.reading !== undefined;
    user.reading ??= this.#readUntilQuiet(user);
    return user.reading;
  }

  async #readUntilQuiet(user: WatchedUser): Promise<void> {
    try {
      let found: Awaited<ReturnType<ReadStatus>>;
      do {
        user.readAgain = false;
        found = await this.#read(user.userId);
      } while (user.readAgain);
      // No `await` between the last check of `readAgain` and this line: a later change begins a new reading.
      user.reading = undefined;
      user.timer?.cancel();
      user.timer = undefined;
      if (found.lastsMs !== undefined) this.#refreshAfter(user, found.lastsMs + AGAIN_MS);
      this.#tell(user, found.status);
    } catch (error) {
      user.reading = undefined;
      this.#refreshAfter(user, AGAIN_MS);
      throw new LastseenError("overloaded", "The status can't be told at this moment; try again.", { cause: error });
    }
  }

  #tell(user: WatchedUser, status: UserStatus): void {
    user.status = status;
    for (const [session, told] of user.watchers) {
      const seen = this.#seenBy(session, user.userId, status);
      if (seen === told) continue;
      user.watchers.set(session, seen);
      session.connection?.sendEvent("user_status", { userId: user.userId, status: seen });
    }
  }

  #refreshAfter(user: WatchedUser, delayMs: number): void {
    if (this.#closed || this.#users.get(user.userId) !== user) return;
    user.timer?.cancel();
    user.timer = this.#clock.after(delayMs, () => this.mayHaveChanged(user.userId));
  }

  #remove(session: Session, userId: string): void {
    const own = this.#ofSession.get(session);
    own?.delete(userId);
    if (own?.size === 0) this.#ofSession.delete(session);
    const user = this.#users.get(userId);
    if (!user) return;
    user.watchers.delete(session);
    this.#forgetIfUnwatched(user);
  }

  #forgetIfUnwatched(user: WatchedUser): void {
    if (user.watchers.size > 0 || user.asking > 0) return;
    user.timer?.cancel();
    if (this.#users.get(user.userId) !== user) return;
    this.#users.delete(user.userId);
    this.#followed.remove(user.userId);
  }
}
