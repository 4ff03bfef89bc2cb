import type { Emitter } from "../kernel/emitter.js";
import type { Directory, SessionEntry } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { MediaPlane, SessionMedia } from "../ports/media-plane.js";
import type { Session } from "../session/session.js";
import type { Sessions } from "../session/sessions.js";
import type { Rooms } from "./rooms.js";

/**
 * Continues sessions that another node held. They wait here for their clients, like any session whose connection broke. All
 * sessions of a room appear in one turn of the event loop, so that no returning client finds half of its room.
 */
export class Adoption {
  readonly #rooms: Rooms;
  readonly #media: MediaPlane;
  readonly #sessions: Sessions;
  readonly #directory: Directory;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(options: {
    rooms: Rooms;
    media: MediaPlane;
    sessions: Sessions;
    directory: Directory;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#sessions = options.sessions;
    this.#directory = options.directory;
    this.#events = options.events;
  }

  /**
   * @param unwritten ids of sessions that the directory does not have under the present lease
   * @returns how many sessions could not be continued. Their entries are removed, and their clients open new sessions
   */
  async adopt(
    entries: readonly SessionEntry[],
    fromNodeId: string,
    unwritten: ReadonlySet<string> = new Set(),
  ): Promise<number> {
    const failed: SessionEntry[] = [];
    for (const [roomId, members] of byRoom(entries)) {
      const places = await Promise.all(members.map((entry) => this.#placeIn(roomId, entry)));
      const lost = members.filter((entry, index) => {
        const isWritten = !unwritten.has(entry.sessionId);
        return !this.#takeUp(entry, places[index], { fromNodeId, isWritten });
      });
      failed.push(...lost);
    }
    await Promise.allSettled(failed.map(({ sessionId, epoch }) => this.#directory.removeSession(sessionId, epoch)));
    return failed.length;
  }

  async #placeIn(roomId: string | undefined, { sessionId }: SessionEntry): Promise<SessionMedia | "none" | "failed"> {
    if (roomId === undefined) return "none";
    return this.#media.join(roomId, sessionId).catch(() => "failed");
  }

  #takeUp(
    entry: SessionEntry,
    place: SessionMedia | "none" | "failed" | undefined,
    { fromNodeId, isWritten }: { fromNodeId: string; isWritten: boolean },
  ): boolean {
    if (place === undefined || place === "failed") return false;
    const session = this.#sessions.adopt(entry);
    if (!session) {
      if (place !== "none") place.close();
      return true;
    }
    const isThere =
      entry.roomId === undefined || (place !== "none" && this.#enter(entry.roomId, session, place, entry));
    this.#events.emit("adopted", { session, fromNodeId, isWritten: isWritten && isThere });
    return true;
  }

  /** @returns false when the room is full by now: the session goes on without a room, and its client asks to join again */
  #enter(roomId: string, session: Session, media: SessionMedia, entry: SessionEntry): boolean {
    try {
      this.#rooms.enter(roomId, session, media, entry);
      return true;
    } catch {
      media.close();
      return false;
    }
  }
}

function byRoom(entries: readonly SessionEntry[]): Map<string | undefined, SessionEntry[]> {
  const rooms = new Map<string | undefined, SessionEntry[]>();
  for (const entry of entries) {
    const members = rooms.get(entry.roomId);
    if (members) members.push(entry);
    else rooms.set(entry.roomId, [entry]);
  }
  return rooms;
}
