import type { RoomDetail, RoomList, RoomQuery, RoomSummary } from "@lastseen/protocol/http";
import { answerOf, checkCursor } from "./answers.js";
import { unlessUnknown } from "./api-error.js";
import { roomIdOf } from "./ids.js";
import type { CallOptions } from "./options.js";
import { assertComplete, itemsOf } from "./pages.js";
import type { Requester } from "./requester.js";

const LIST = "GET /api/rooms";

/** The rooms, and who is really in them. */
export class RoomsApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /**
   * The rooms of all nodes, in the order of their ids; with `limit` one page of them. `missing`: nodes that did not answer,
   * whose rooms are not in the list.
   */
  async list({ cursor, limit }: RoomQuery = {}, options: CallOptions = {}): Promise<RoomList> {
    const body = await this.#requester.ask("GET", ["api", "rooms"], { ...options, query: { cursor, limit } });
    const page = answerOf<RoomList>(LIST, body, ["rooms", "missing"]);
    checkCursor(LIST, "cursor", page.cursor);
    return page;
  }

  /**
   * All rooms, page after page.
   *
   * @param options `partial`: go on when nodes do not answer. Their rooms are left out then
   * @throws LastseenApiError `incomplete` when nodes do not answer, and `partial` is not set. `data.missing` names them
   */
  all(
    { limit = 1_000 }: { limit?: number } = {},
    { partial = false, ...options }: CallOptions & { partial?: boolean } = {},
  ): AsyncGenerator<RoomSummary, void, undefined> {
    return itemsOf(LIST, async (cursor) => {
      const page = await this.list({ limit, ...(cursor === undefined ? {} : { cursor }) }, options);
      if (!partial) assertComplete(LIST, page.missing);
      return { items: page.rooms, next: page.cursor };
    });
  }

  /** A room and everybody in it. @throws LastseenApiError `not_found` when nobody is in such a room */
  async get(roomId: string, options: CallOptions = {}): Promise<RoomDetail> {
    const body = await this.#requester.ask("GET", ["api", "rooms", roomIdOf(roomId)], options);
    return answerOf<RoomDetail>("GET /api/rooms/:roomId", body, ["participants"]);
  }

  /** As {@link get}; undefined when nobody is in such a room. */
  async find(roomId: string, options: CallOptions = {}): Promise<RoomDetail | undefined> {
    return unlessUnknown(this.get(roomId, options), undefined);
  }

  /** Closes a room: everybody leaves it. @returns `false` when nobody was in such a room */
  async close(roomId: string, options: CallOptions = {}): Promise<boolean> {
    const ended = this.#requester.ask("DELETE", ["api", "rooms", roomIdOf(roomId)], options);
    return unlessUnknown(
      ended.then(() => true),
      false,
    );
  }
}
