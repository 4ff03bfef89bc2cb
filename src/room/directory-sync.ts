import type { Emitter } from "../kernel/emitter.js";
import { KeyedQueue } from "../kernel/keyed-queue.js";
import { LastseenError } from "@lastseen/protocol";
import type { Directory, SessionEntry } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { Rooms } from "./rooms.js";

/** More removals than this are not remembered: what is left then is taken up, found dead and removed like a ghost. */
const MOST_OWED = 50_000;

/**
 * Keeps the directory true. Nobody writes an intention there ("add", "remove") that could arrive too late: whoever
 * changed something asks for the entry to be brought up to date, and what is written is how things stand at the moment
 * of writing. Writes about one room or one session follow each other.
 */
export class DirectorySync {
  readonly #directory: Directory;
  readonly #rooms: Rooms;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #queue = new KeyedQueue<string>();
  /** Epochs of sessions that have ended and whose entries are still there. */
  readonly #owed = new Map<string, number>();
  /** Writes that have failed since all went well. */
  #failures = 0;
  readonly #isSettled: () => boolean;

  constructor(options: {
    directory: Directory;
    rooms: Rooms;
    events: Emitter<LifecycleEvents>;
    /** Whether a room that the directory does not know can be believed to be new. */
    isSettled: () => boolean;
  }) {
    this.#isSettled = options.isSettled;
    this.#directory = options.directory;
    this.#rooms = options.rooms;
    this.#events = options.events;
  }

  /**
   * Makes this node the room's home before somebody enters it. While the directory can't be asked, a room that is here
   * already goes on, and no new one begins: two halves of a meeting that can't see each other are worse than a retry.
   *
   * @throws LastseenError `redirect` when another node is, `overloaded` when that can't be told now
   */
  claimRoom(roomId: string): Promise<void> {
    return this.#queue.run(`room ${roomId}`, async () => {
      if (this.#rooms.find(roomId)) return;
      const claim = await this.#claim(roomId).catch((error: unknown) => {
        throw new LastseenError("overloaded", "It can't be told now which node holds this room; try again.", {
          cause: error,
        });
      });
      switch (claim.kind) {
        case "here":
          return;
        case "elsewhere":
          throw new LastseenError("redirect", "Another node holds this room.", { data: { url: claim.url } });
        default:
          throw new LastseenError("overloaded", "No node can take this room now; try again.");
      }
    });
  }

  /** Holds a room in which people are. `false`: another node holds it. */
  holdRoom(roomId: string): Promise<boolean> {
    return this.#queue.run(`room ${roomId}`, async () => {
      if (this.#rooms.isEmpty(roomId)) return true;
      const claim = await this.#directory.claimRoom(roomId, { inUse: true });
      return claim.kind !== "elsewhere" && claim.kind !== "unplaced";
    });
  }

  /** Gives the room up unless somebody is in it or on the way into it. Never rejects, as {@link record}. */
  async releaseIfEmpty(roomId: string): Promise<void> {
    await this.#queue
      .run(`room ${roomId}`, async () => {
        if (this.#rooms.isEmpty(roomId)) await this.#directory.releaseRoom(roomId);
      })
      .catch(() => {});
  }

  /**
   * Brings the session's entry up to date: its room and epoch, or no entry when it has ended. An entry that another node
   * holds under a higher epoch stays as it is, and an open session is then given up. Never rejects: the directory is an
   * index, and what could not be written now is made good when the books are compared with it.
   *
   * @returns whether it was written
   */
  async record(session: Session): Promise<boolean> {
    const failures = this.#failures;
    try {
      await this.#queue.run(`session ${session.id}`, () =>
        session.status === "open" ? this.#put(session) : this.#remove(session.id, session.epoch),
      );
    } catch (error) {
      if (session.status !== "open") this.#owe(session);
      this.#failures += 1;
      this.#events.emit("directory_failed", { session, error });
      return false;
    }
    this.#succeeded(failures);
    return true;
  }

  /** Whether a session has ended here whose entry could not be removed yet. */
  owesRemoval(sessionId: string): boolean {
    return this.#owed.has(sessionId);
  }

  /** Removes the entries that could not be removed when their sessions ended. */
  async settleDebts(): Promise<void> {
    const failures = this.#failures;
    for (const [sessionId, epoch] of this.#owed) {
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
      this.#events.emit("given_up", { session, why: "fenced" });
    }
  }

  async #remove(sessionId: string, epoch: number): Promise<void> {
    await this.#directory.removeSession(sessionId, epoch);
    this.#owed.delete(sessionId);
  }

  /** @param before failures when it was begun: while others go on to fail it proves nothing */
  #succeeded(before: number): void {
    if (this.#failures === 0 || this.#failures !== before) return;
    const failures = this.#failures;
    this.#failures = 0;
    this.#events.emit("directory_recovered", { failures });
  }

  #owe({ id, epoch }: Session): void {
    this.#owed.set(id, epoch);
    const [oldest] = this.#owed.keys();
    if (this.#owed.size > MOST_OWED && oldest !== undefined) this.#owed.delete(oldest);
  }
}

/** The session as another node would need it. */
function entryOf(session: Session): SessionEntry {
  const { id: sessionId, userId, epoch, name, tabId, openedAt, metadata, participation } = session;
  return {
    sessionId,
    userId,
    epoch,
    roomId: participation?.roster.id,
    name,
    tabId,
    tokenHash: session.resumeToken.hash,
    openedAt,
    joinedAt: participation?.joinedAt,
    metadata,
  };
}
