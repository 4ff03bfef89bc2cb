import type { RoomDetail, RoomList } from "@lastseen/protocol/http";
import { answerOf } from "./answers.js";
import { isUnknown } from "./api-error.js";
import { roomIdOf } from "./ids.js";
import type { CallOptions } from "./options.js";
import type { Requester } from "./requester.js";

/** The rooms, and who is really in them. */
export class RoomsApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** All rooms of all nodes. `missing`: nodes that did not answer, whose rooms are not in the list. */
  async list(options: CallOptions = {}): Promise<RoomList> {
    const body = await this.#requester.ask("GET", ["api", "rooms"], options);
    return answerOf<RoomList>("GET /api/rooms", body, ["rooms", "missing"]);
  }

  /** A room and everybody in it. @throws LastseenApiError `not_found` when nobody is in such a room */
  async get(roomId: string, options: CallOptions = {}): Promise<RoomDetail> {
    const body = await this.#requester.ask("GET", ["api", "rooms", roomIdOf(roomId)], options);
    return answerOf<RoomDetail>("GET /api/rooms/:roomId", body, ["participants"]);
  }

  /** As {@link get}; undefined when nobody is in such a room. */
  async find(roomId: string, options: CallOptions = {}): Promise<RoomDetail | undefined> {
    try {
      return await this.get(roomId, options);
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  }

  /** Closes a room: everybody leaves it. @returns `false` when nobody was in such a room */
  async close(roomId: string, options: CallOptions = {}): Promise<boolean> {
    try {
      await this.#requester.ask("DELETE", ["api", "rooms", roomIdOf(roomId)], options);
      return true;
    } catch (error) {
      if (isUnknown(error)) return false;
      throw error;
    }
  }
}
