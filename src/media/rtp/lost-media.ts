import type { MediaLogger } from "../media-options.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import type { RoomRouter } from "./room-router.js";

/**
 * Looks for media that the books have and the workers do not. mediasoup tells of every close on this side and of a
 * worker's end; this is for what ended without a word.
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
    // Written down before the worker is asked: what is in the books has been there by then.
    const booked = Array.from(room.members, (member) => ({ member, ids: member.objectIds() }));
    try {
      const held = await this.#verifier.remaining(
        place,
        booked.flatMap(({ ids }) => ids),
      );
      if (room.place !== place) return [];
      return booked.flatMap(({ member, ids }) => {
        const still = new Set(member.objectIds());
        const gone = ids.filter((id) => !held.has(id) && still.has(id));
        return gone.map((id) => ({ id, sessionId: member.sessionId }));
      });
    } catch (error) {
      this.#logger.warn({ err: error, roomId: room.id }, "a worker could not be asked what it holds");
      return [];
    }
  }
}
