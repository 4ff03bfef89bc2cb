import { LastseenError } from "../protocol/errors.js";
import type { JsonObject, RoomSnapshot } from "../protocol/messages/index.js";
import type { Directory, MediaPlane, SessionConnection, SessionMedia } from "../session/ports.js";
import type { Session } from "../session/session.js";
import type { Rooms } from "./rooms.js";

export interface AdmissionRequest {
  session: Session;
  /** Who asks; it must still own the session when everything is ready. */
  connection: SessionConnection;
  roomId: string;
  metadata: JsonObject | undefined;
}

/**
 * The way into a room: the room's home, its router and the directory are asked, then the session enters. Whatever fails
 * or changes on the way is undone; nobody sees half a participant.
 */
export class Admission {
  readonly #rooms: Rooms;
  readonly #media: MediaPlane;
  readonly #directory: Directory;

  constructor(options: { rooms: Rooms; media: MediaPlane; directory: Directory }) {
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#directory = options.directory;
  }

  /**
   * @param entered called in the same turn in which the session enters, before anything newer can be sent to it
   * @throws LastseenError `forbidden`, `already_joined`, `room_full`, `overloaded`, `redirect`, `media_unavailable`,
   *   `fenced`
   */
  async admit(request: AdmissionRequest, entered: (room: RoomSnapshot, media: SessionMedia) => void): Promise<void> {
    const { session, roomId } = request;
    if (session.participation) throw new LastseenError("already_joined", "The session is in a room already.");
    if (session.identity.rooms && !session.identity.rooms.includes(roomId)) {
      throw new LastseenError("forbidden", "The token does not allow this room.");
    }
    this.#rooms.assertSpace(roomId);
    const arrived = this.#rooms.expect(roomId);
    try {
      await this.#claim(roomId);
      await this.#enter(request, entered);
    } finally {
      arrived();
      if (this.#rooms.isEmpty(roomId)) await this.#directory.releaseRoom(roomId);
    }
  }

  async #claim(roomId: string): Promise<void> {
    const claim = await this.#directory.claimRoom(roomId);
    if (claim.kind === "elsewhere") {
      throw new LastseenError("redirect", "Another node holds this room.", { data: { url: claim.url } });
    }
  }

  async #enter(request: AdmissionRequest, entered: (room: RoomSnapshot, media: SessionMedia) => void): Promise<void> {
    const { session, connection, roomId, metadata } = request;
    const media = await this.#media.join(roomId, session.id);
    try {
      const { id: sessionId, userId, epoch } = session;
      const stored = await this.#directory.putSession({ sessionId, userId, roomId, epoch });
      if (stored.kind === "fenced") throw new LastseenError("fenced", "The session is owned elsewhere by now.");
      session.assertOwnedBy(connection);
      if (metadata) session.metadata = metadata;
      entered(this.#rooms.enter(roomId, session, media), media);
    } catch (error) {
      media.close();
      await this.#directory.removeSession(session.id, session.epoch);
      throw error;
    }
  }
}
