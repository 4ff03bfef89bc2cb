import type { Emitter } from "../kernel/emitter.js";
import { KeyedQueue } from "../kernel/keyed-queue.js";
import { LastseenError } from "@lastseen/protocol";
import type { Directory, SessionEntry } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { Rooms } from "./rooms.js";

/**
 * The service remembers at most this many entries that it still has to remove. An entry that it forgets comes back as a
 * session of this node; nobody connects to that session, so the service reaps it.
 */
const MOST_UNREMOVED = 50_000;
/** A store that goes back to older data, as after a failover, brings back the entries of at most this many ends. */
const MOST_REMOVED = 10_000;

/**
 * Writes this node's rooms and sessions to the directory. A caller never asks for a change ("add", "remove"), because a
 * change can arrive too late. It asks to bring an entry up to date, and the service writes the state at the moment of
 * writing. Writes about the same room or the same session run one after the other.
 */
export class DirectorySync {
  readonly #directory: Directory;
  readonly #rooms: Rooms;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #queue = new KeyedQueue<string>();
  /** Sessions that have ended and whose entries are still in the directory, with their epochs; oldest first. */
  readonly #unremoved = new Map<string, number>();
  /** Sessions that have ended and whose entries have been removed, with their epochs; oldest first. */
  readonly #removed = new Map<string, number>();
  /** Failed writes since the last time when no write had failed. */
  #failures = 0;
  readonly #isSettled: () => boolean;
  readonly #told: (() => Promise<void>) | undefined;

  constructor(options: {
    directory: Directory;
    rooms: Rooms;
    events: Emitter<LifecycleEvents>;
    /** Whether a room that the directory does not know can be taken for a new room. */
    isSettled: () => boolean;
    /**
     * Resolves when the backend will learn of all ends. Only then their entries are removed: if this process dies before, another
     * node finds the entries, and ends the sessions once more.
     */
    told: (() => Promise<void>) | undefined;
  }) {
    this.#told = options.told;
    this.#isSettled = options.isSettled;
    this.#directory = options.directory;
    this.#rooms = options.rooms;
    this.#events = options.events;
  }

  /**
   * Makes this node the room's home before somebody enters the room. While the directory does not answer, people can enter
   * the rooms that are here, and no new room begins. Otherwise one room could begin on two nodes, and its two halves could
   * not see each other; asking again later is better.
   *
   * @returns undefined when people are in the room here, so that there is nothing to wait for
   * @throws LastseenError `redirect` when another node is the home, `overloaded` when nobody can tell which node is
   */
  claimRoom(roomId: string): Promise<void> | undefined {
    const key = `room ${roomId}`;
    if (this.#rooms.find(roomId) && !this.#queue.isBusy(key)) return undefined;
    return this.#queue.run(key, async () => {
      if (this.#rooms.find(roomId)) return;
      const claim = await this.#claim(roomId).catch((error: unknown) => {
        throw new LastseenError("overloaded", "It can't be told now which node holds this room; try again.", {
          cause: error,
        });
      });
      switch (claim.kind) {
        case "here":
          this.#rooms.claimed(roomId, claim.epoch);
          return;
        case "elsewhere":
          throw new LastseenError("redirect", roomElsewhere(claim.url), { data: { url: claim.url } });
        case "unplaced":
        case "no_lease":
          throw new LastseenError("overloaded", "No node can take this room now; try again.");
      }
    });
  }

  /**
   * Says where a client has to go that has no session yet and wants to enter this room. Never rejects.
   *
   * @returns undefined when the client can begin here, or when nobody can tell now: the join decides
   */
  async urlElsewhere(roomId: string): Promise<string | undefined> {
    if (this.#rooms.find(roomId) || !this.#isSettled()) return undefined;
    const preview = await this.#directory.previewRoom(roomId).catch(() => undefined);
    return preview?.kind === "elsewhere" ? preview.url : undefined;
  }

  /**
   * Makes this node the home of a room in which people are here. Rejects when the directory does not answer.
   *
   * @returns false when another node is the home
   */
  reclaimRoom(roomId: string): Promise<boolean> {
    return this.#queue.run(`room ${roomId}`, async () => {
      if (this.#rooms.isEmpty(roomId)) return true;
      const outcome = await this.#directory.reclaimRoom(roomId);
      switch (outcome.kind) {
        case "held":
        // The node registers again soon, and then reclaims the room again.
        case "no_lease":
          return true;
        case "lost":
          return false;
      }
    });
  }

  /** Releases the room in the directory, unless somebody is in the room or about to enter it. Never rejects. */
  async releaseIfEmpty(roomId: string): Promise<void> {
    await this.#queue
      .run(`room ${roomId}`, async () => {
        await this.#told?.();
        if (this.#rooms.isEmpty(roomId)) await this.#directory.releaseRoom(roomId);
      })
      .catch(() => {});
  }

  /**
   * Brings the session's entry up to date: its room and epoch, or no entry when the session has ended. When another node
   * holds the session under a higher epoch, the entry stays as it is, and this node gives the session up. Never rejects:
   * when a write fails, the audit makes it good later.
   *
   * @returns whether the directory has answered
   */
  async record(session: Session): Promise<boolean> {
    const failures = this.#failures;
    try {
      await this.#queue.run(`session ${session.id}`, () =>
        session.status === "open" ? this.#put(session) : this.#remove(session.id, session.epoch),
      );
    } catch (error) {
      if (session.status !== "open") rememberLatest(this.#unremoved, session.id, session.epoch, MOST_UNREMOVED);
      this.#failures += 1;
      this.#events.emit("directory_failed", { session, error });
      return false;
    }
    this.#succeeded(failures);
    return true;
  }

  /** Whether the entry is of a session that has ended here: it could not be removed yet, or a store with older data brought it back. */
  isOfEnded({ sessionId, epoch }: SessionEntry): boolean {
    const endedAt = this.#unremoved.get(sessionId) ?? this.#removed.get(sessionId);
    return endedAt !== undefined && endedAt >= epoch;
  }

  /**
   * Removes the entries that could not be removed when their sessions ended, and those that have come back. Rejects when the
   * directory does not answer.
   *
   * @param found the entries that name this node
   */
  async removeEndedEntries(found: readonly SessionEntry[]): Promise<void> {
    const failures = this.#failures;
    for (const entry of found) if (this.isOfEnded(entry)) this.#unremoved.set(entry.sessionId, entry.epoch);
    for (const [sessionId, epoch] of this.#unremoved) {
      await this.#queue.run(`session ${sessionId}`, () => this.#remove(sessionId, epoch));
    }
    this.#succeeded(failures);
  }

  async #claim(roomId: string): ReturnType<Directory["claimRoom"]> {
    if (!this.#isSettled() && !(await this.#directory.findRoom(roomId))) return { kind: "unplaced" };
    return this.#directory.claimRoom(roomId);
  }

  async #put(session: Session): Promise<void> {
    const stored = await this.#directory.putSession(entryOf(session));
    if (stored.kind === "fenced" && session.status === "open") {
      this.#events.emit("held_elsewhere", { session, why: "fenced" });
    }
  }

  async #remove(sessionId: string, epoch: number): Promise<void> {
    await this.#told?.();
    await this.#directory.removeSession(sessionId, epoch);
    this.#unremoved.delete(sessionId);
    rememberLatest(this.#removed, sessionId, epoch, MOST_REMOVED);
  }

  /** @param before number of failures when the write began: a success proves nothing while other writes fail */
  #succeeded(before: number): void {
    if (this.#failures === 0 || this.#failures !== before) return;
    const failures = this.#failures;
    this.#failures = 0;
    this.#events.emit("directory_recovered", { failures });
  }
}

/**
 * @param most when there are more, the older half is forgotten at once. To forget one each time would be slow: the entries that a
 *   map has lost at its beginning make every search for its first entry longer
 */
function rememberLatest(ended: Map<string, number>, sessionId: string, epoch: number, most: number): void {
  ended.set(sessionId, epoch);
  if (ended.size <= most) return;
  for (const oldest of ended.keys()) {
    if (ended.size <= most / 2) break;
    ended.delete(oldest);
  }
}

/** A client that was redirected in vain shows this text to its developer. */
export function roomElsewhere(url: string): string {
  return `The node at ${url} holds this room. If clients do not get there, the PUBLIC_URL of that node is wrong.`;
}

/** What another node needs to go on with the session. */
export function entryOf(session: Session): SessionEntry {
  const { id: sessionId, userId, epoch, name, tabId, openedAt, metadata, participation } = session;
  return {
    sessionId,
    userId,
    epoch,
    roomId: participation?.roster.id,
    name,
    tabId,
    tokenHash: session.resumeToken.hash,
    earlierTokenHash: session.earlierTokenHash,
    openedAt,
    joinedAt: participation?.joinedAt,
    ...(participation?.chosenRole === undefined ? {} : { chosenRole: participation.chosenRole }),
    metadata,
  };
}
