import type { Emitter } from "../kernel/emitter.js";
import type { SessionEntry } from "../ports/directory.js";
import type { LifecycleEvents } from "../session/events.js";
import type { MediaPlane, SessionMedia } from "../ports/media-plane.js";
import type { Session } from "../session/session.js";
import type { Sessions } from "../session/sessions.js";
import type { Rooms } from "./rooms.js";

/**
 * Continues sessions that another node held. They wait here for their clients, like any session whose connection broke. All
 * sessions of a room appear in one turn of the event loop, so that no returning client finds half of its room.
 *
 * A session whose media cannot be opened, or whose room is full by now, goes on without a room. Its client asks to join again.
 */
export class Adoption {
  readonly #rooms: Rooms;
  readonly #media: MediaPlane;
  readonly #sessions: Sessions;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(options: { rooms: Rooms; media: MediaPlane; sessions: Sessions; events: Emitter<LifecycleEvents> }) {
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#sessions = options.sessions;
    this.#events = options.events;
  }

  /**
   * @param unwritten ids of sessions that the directory does not have under the present lease
   * @returns how many sessions could not go on in their rooms
   */
  async adopt(
    entries: readonly SessionEntry[],
    fromNodeId: string,
    unwritten: ReadonlySet<string> = new Set(),
  ): Promise<number> {
    let outside = 0;
    for (const [roomId, members] of byRoom(entries)) {
      const places = await Promise.all(members.map((entry) => this.#placeIn(roomId, entry)));
      const lost = members.filter((entry, index) => {
        const isWritten = !unwritten.has(entry.sessionId);
        return !this.#takeUp(entry, places[index], { fromNodeId, isWritten });
      });
      outside += lost.length;
      if (roomId === undefined || lost.length === 0 || this.#rooms.find(roomId)) continue;
      this.#events.emit("room_lost", { roomId, epoch: Math.max(...lost.map(({ epoch }) => epoch)) });
    }
    return outside;
  }

  /** @returns undefined when there is no room, or no media for it */
  async #placeIn(roomId: string | undefined, { sessionId }: SessionEntry): Promise<SessionMedia | undefined> {
    return roomId === undefined ? undefined : this.#media.join(roomId, sessionId).catch(() => undefined);
  }

  /** @returns whether the session is where it was before */
  #takeUp(
    entry: SessionEntry,
    place: SessionMedia | undefined,
    { fromNodeId, isWritten }: { fromNodeId: string; isWritten: boolean },
  ): boolean {
    const session = this.#sessions.adopt(entry);
    if (!session) {
      place?.close();
      return true;
    }
    const isThere = entry.roomId === undefined || (!!place && this.#enter(entry.roomId, session, place, entry));
    this.#events.emit("adopted", { session, fromNodeId, isWritten: isWritten && isThere });
    return isThere;
  }

  /** @returns false when the room is full by now */
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
