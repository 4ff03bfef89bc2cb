import type { MediaLogger } from "../media-options.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import type { RoomRouter } from "./room-router.js";

/**
 * Finds media that the service has in its records and the worker does not hold any more. mediasoup reports each close on
 * this side and the end of a worker; this is for objects that ended without any report.
 */
export class LostMedia {
  readonly #verifier: MediaVerifier;
  readonly #logger: MediaLogger;
  /** Ids that were missing in the last comparison. */
  #suspects = new Set<string>();

  constructor(verifier: MediaVerifier, logger: MediaLogger) {
    this.#verifier = verifier;
    this.#logger = logger;
  }

  /** Sessions with media that was missing in this comparison and in the last one. */
  async find(rooms: Iterable<RoomRouter>): Promise<string[]> {
    const missing = (await Promise.all([...rooms].map((room) => this.#missingIn(room)))).flat();
    const before = this.#suspects;
    this.#suspects = new Set(missing.map(({ id }) => id));
    return [...new Set(missing.flatMap(({ id, sessionId }) => (before.has(id) ? [sessionId] : [])))];
  }

  async #missingIn(room: RoomRouter): Promise<{ id: string; sessionId: string }[]> {
    const { place } = room;
    if (!place) return [];
    // The list is made before the worker is asked, so that the worker has known each object in it.
    const recorded = Array.from(room.members, (member) => ({ member, ids: member.objectIds() }));
    try {
      const held = await this.#verifier.remaining(
        place,
        recorded.flatMap(({ ids }) => ids),
      );
      if (room.place !== place) return [];
      return recorded.flatMap(({ member, ids }) => {
        const stillRecorded = new Set(member.objectIds());
        const gone = ids.filter((id) => !held.has(id) && stillRecorded.has(id));
        return gone.map((id) => ({ id, sessionId: member.sessionId }));
      });
    } catch (error) {
      this.#logger.warn({ err: error, roomId: room.id }, "a media worker could not be asked what it holds");
      return [];
    }
  }
}
