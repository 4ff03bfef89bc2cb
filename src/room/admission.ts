import type { Emitter } from "../kernel/emitter.js";
import { type JsonObject, LastseenError, type LeaveReason, type RoomRole, type RoomSnapshot } from "@lastseen/protocol";
import { callOfRoom } from "../ports/call-store.js";
import type { Blocks } from "../session/blocks.js";
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
  /** The connection that sent the request. It must still own the session when everything is ready. */
  connection: SessionConnection;
  roomId: string;
  metadata: JsonObject | undefined;
  /** The policy that the client wants for another tab of its user. A wider policy than the service's own has no effect. */
  onDuplicate: DuplicatePolicy | undefined;
  /** What the client wants to be in the room. */
  role?: RoomRole | undefined;
  /** What the client is about to send. Another tab whose session it takes over sends these until then. */
  sources?: readonly string[] | undefined;
}

export interface Admitted {
  /** The session that the connection owns from now on: its own, or the session of the other tab. */
  session: Session;
  room: RoomSnapshot;
  media: SessionMedia;
  transferred: boolean;
}

/**
 * Lets sessions into rooms. First the directory says which node holds the room, then the media plane makes a place for the
 * session. Then the session enters, or takes the place of its user's other tab. When a step fails, the steps before it are
 * undone, so the others never see half a participant.
 */
export class Admission {
  readonly #rooms: Rooms;
  readonly #media: MediaPlane;
  readonly #directorySync: DirectorySync;
  readonly #sessions: Sessions;
  readonly #blocks: Pick<Blocks, "assertNone">;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #policy: DuplicatePolicy;
  readonly #end: (session: Session, departure: { reason: LeaveReason }) => Promise<boolean>;

  constructor(options: {
    rooms: Rooms;
    media: MediaPlane;
    directorySync: DirectorySync;
    sessions: Sessions;
    blocks: Pick<Blocks, "assertNone">;
    events: Emitter<LifecycleEvents>;
    policy: DuplicatePolicy;
    /** Ends the session of a tab that has taken over the session of another tab. */
    end: (session: Session, departure: { reason: LeaveReason }) => Promise<boolean>;
  }) {
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#directorySync = options.directorySync;
    this.#sessions = options.sessions;
    this.#blocks = options.blocks;
    this.#events = options.events;
    this.#policy = options.policy;
    this.#end = options.end;
  }

  /**
   * @param entered called in the turn of the event loop in which the session enters, before anything newer is sent to it
   * @throws LastseenError `forbidden`, `blocked`, `already_joined`, `duplicate_session`, `room_full`, `overloaded`, `redirect`,
   *   `media_unavailable`, `fenced`, `rate_limited`
   */
  async admit(request: AdmissionRequest, entered: (admitted: Admitted) => void): Promise<void> {
    const { session, roomId } = request;
    if (session.participation) throw new LastseenError("already_joined", "The session is already in a room.");
    // A call's room is open to its two users, whatever rooms their tokens name.
    if (callOfRoom(roomId) === undefined && session.identity.rooms && !session.identity.rooms.includes(roomId)) {
      throw new LastseenError("forbidden", "The token does not allow this room.");
    }
    this.#blocks.assertNone({ userId: session.userId, roomId });
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
      if (session.participation) throw new LastseenError("already_joined", "The session is already in a room.");
      // Both are checked again: while this tab waited, the user may have been blocked, or have entered from another tab.
      this.#blocks.assertNone({ userId: session.userId, roomId });
      if (this.#takeOver(request, entered)) {
        media.close();
        return;
      }
      if (metadata) session.metadata = metadata;
      this.#rooms.enter(roomId, session, media, { chosenRole: chosenRole(request) });
      entered({ session, room: this.#rooms.snapshot(session), media, transferred: false });
      this.#events.emit("joined", { session, roomId });
    } catch (error) {
      media.close();
      throw error;
    }
  }

  /** Takes the place of the user's other tab, if there is one and the policy allows it. Happens within one turn of the event loop. */
  #takeOver(request: AdmissionRequest, entered: (admitted: Admitted) => void): boolean {
    const { session: given, connection, roomId, metadata, onDuplicate, sources } = request;
    const session = chooseDuplicate(this.#rooms.find(roomId), given, { own: this.#policy, wanted: onDuplicate });
    if (!session?.participation) return false;
    const { media } = session.participation;
    this.#sessions.transfer(session, given, connection, media, sources);
    void this.#end(given, { reason: "left" });
    if (metadata) {
      session.metadata = metadata;
      this.#rooms.announceMetadata(session);
    }
    entered({ session, room: this.#rooms.snapshot(session), media, transferred: true });
    return true;
  }
}

/** A token's word counts. Only a user who may be listed can ask for less. The two of a call see each other in any case. */
function chosenRole({ session, roomId, role }: AdmissionRequest): RoomRole | undefined {
  if (callOfRoom(roomId) !== undefined) return undefined;
  return role === "audience" ? role : session.identity.roomRole;
}
