import type { Emitter } from "../kernel/emitter.js";
import { type JsonObject, LastseenError, type LeaveReason, type RoomSnapshot } from "@lastseen/protocol";
import { callOfRoom } from "../ports/call-store.js";
import type { LifecycleEvents } from "../session/events.js";
import type { MediaPlane, SessionMedia } from "../ports/media-plane.js";
import type { SessionConnection } from "../session/session-connection.js";
import type { Session } from "../session/session.js";
import type { Sessions } from "../session/sessions.js";
import { chooseDuplicate, type DuplicatePolicy } from "./duplicates.js";
import type { DirectorySync } from "./directory-sync.js";
import type { Rooms } from "./rooms.js";

export interface AdmissionRequest {
  session: Session;
  /** Who asks; it must still own the session when everything is ready. */
  connection: SessionConnection;
  roomId: string;
  metadata: JsonObject | undefined;
  /** What the client wants done about another tab of its user; no wider than the service's own policy. */
  onDuplicate: DuplicatePolicy | undefined;
}

export interface Admitted {
  /** The session that the connection owns from now on: its own, or the one that it took over from another tab. */
  session: Session;
  room: RoomSnapshot;
  media: SessionMedia;
  transferred: boolean;
}

/**
 * The way into a room: the room's home, its router and the directory are asked, then the session enters, or takes over
 * the place of its user's other tab. Whatever fails or changes on the way is undone; nobody sees half a participant.
 */
export class Admission {
  readonly #rooms: Rooms;
  readonly #media: MediaPlane;
  readonly #directorySync: DirectorySync;
  readonly #sessions: Sessions;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #policy: DuplicatePolicy;
  readonly #end: (session: Session, departure: { reason: LeaveReason }) => Promise<boolean>;

  constructor(options: {
    rooms: Rooms;
    media: MediaPlane;
    directorySync: DirectorySync;
    sessions: Sessions;
    events: Emitter<LifecycleEvents>;
    policy: DuplicatePolicy;
    /** Ends a session that was given up for another one. */
    end: (session: Session, departure: { reason: LeaveReason }) => Promise<boolean>;
  }) {
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#directorySync = options.directorySync;
    this.#sessions = options.sessions;
    this.#events = options.events;
    this.#policy = options.policy;
    this.#end = options.end;
  }

  /**
   * @param entered called in the same turn in which the session enters, before anything newer can be sent to it
   * @throws LastseenError `forbidden`, `already_joined`, `duplicate_session`, `room_full`, `overloaded`, `redirect`,
   *   `media_unavailable`, `fenced`, `rate_limited`
   */
  async admit(request: AdmissionRequest, entered: (admitted: Admitted) => void): Promise<void> {
    const { session, roomId } = request;
    if (session.participation) throw new LastseenError("already_joined", "The session is in a room already.");
    // A call's room is open to its two users, whatever rooms their tokens name.
    if (callOfRoom(roomId) === undefined && session.identity.rooms && !session.identity.rooms.includes(roomId)) {
      throw new LastseenError("forbidden", "The token does not allow this room.");
    }
    if (this.#takeOver(request, entered)) return;
    this.#rooms.assertSpace(roomId);
    const arrived = this.#rooms.expect(roomId);
    try {
      await this.#directorySync.claimRoom(roomId);
      await this.#enter(request, entered);
    } finally {
      arrived();
      if (this.#rooms.isEmpty(roomId)) await this.#directorySync.releaseIfEmpty(roomId);
    }
  }

  async #enter(request: AdmissionRequest, entered: (admitted: Admitted) => void): Promise<void> {
    const { session, connection, roomId, metadata } = request;
    const media = await this.#media.join(roomId, session.id);
    try {
      session.assertOwnedBy(connection);
      if (session.participation) throw new LastseenError("already_joined", "The session is in a room already.");
      // Asked again: another tab of the user may have entered while this one waited.
      if (this.#takeOver(request, entered)) {
        media.close();
        return;
      }
      if (metadata) session.metadata = metadata;
      const room = this.#rooms.enter(roomId, session, media);
      entered({ session, room, media, transferred: false });
      this.#events.emit("joined", { session, roomId });
    } catch (error) {
      media.close();
      throw error;
    }
  }

  /** Takes the place of the user's other tab, if there is one and the policy says so. Within one turn, or not at all. */
  #takeOver(request: AdmissionRequest, entered: (admitted: Admitted) => void): boolean {
    const { session: given, connection, roomId, metadata, onDuplicate } = request;
    const session = chooseDuplicate(this.#rooms.find(roomId), given, { own: this.#policy, wanted: onDuplicate });
    if (!session?.participation) return false;
    const { media } = session.participation;
    this.#sessions.transfer(session, given, connection);
    media.reset();
    void this.#end(given, { reason: "left" });
    if (metadata) this.#rooms.setMetadata(session, metadata);
    entered({ session, room: this.#rooms.snapshot(session), media, transferred: true });
    return true;
  }
}
