import { KeyedQueue } from "../kernel/keyed-queue.js";
import { LastseenError } from "../protocol/errors.js";
import type { Directory } from "../session/ports.js";
import type { Session } from "../session/session.js";
import type { Rooms } from "./rooms.js";

/**
 * Keeps the directory true. Nobody writes an intention there ("add", "remove") that could arrive too late: whoever
 * changed something asks for the entry to be brought up to date, and what is written is how things stand at the moment
 * of writing. Writes about one room or one session follow each other.
 */
export class Registrar {
  readonly #directory: Directory;
  readonly #rooms: Rooms;
  readonly #queue = new KeyedQueue<string>();

  constructor(options: { directory: Directory; rooms: Rooms }) {
    this.#directory = options.directory;
    this.#rooms = options.rooms;
  }

  /**
   * Makes this node the room's home before somebody enters it.
   *
   * @throws LastseenError `redirect` when another node is
   */
  claimRoom(roomId: string): Promise<void> {
    return this.#queue.run(`room ${roomId}`, async () => {
      const claim = await this.#directory.claimRoom(roomId);
      if (claim.kind === "elsewhere") {
        throw new LastseenError("redirect", "Another node holds this room.", { data: { url: claim.url } });
      }
    });
  }

  /** Gives the room up unless somebody is in it or on the way into it. */
  releaseIfEmpty(roomId: string): Promise<void> {
    return this.#queue.run(`room ${roomId}`, async () => {
      if (this.#rooms.isEmpty(roomId)) await this.#directory.releaseRoom(roomId);
    });
  }

  /** Brings the session's entry up to date: its room and epoch, or no entry when it is in no room. */
  record(session: Session): Promise<void> {
    return this.#queue.run(`session ${session.id}`, async () => {
      const { id: sessionId, userId, epoch, participation } = session;
      if (!participation) {
        await this.#directory.removeSession(sessionId, epoch);
        return;
      }
      const stored = await this.#directory.putSession({ sessionId, userId, epoch, roomId: participation.roster.id });
      if (stored.kind === "fenced") throw new LastseenError("fenced", "The session is owned elsewhere by now.");
    });
  }
}
