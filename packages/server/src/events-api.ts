import type { BackendEvent } from "@lastseen/protocol";
import type { EventList } from "@lastseen/protocol/http";
import { answerOf, checkCursor } from "./answers.js";
import { LastseenApiError } from "./api-error.js";
import type { CallOptions } from "./options.js";
import { itemsOf } from "./pages.js";
import type { Requester } from "./requester.js";

/** `limit`: the most events of one page, 1 to 1,000. */
interface EventPageQuery {
  cursor?: string;
  limit?: number;
}

const LIST = "GET /api/events";

/** The events for your backend that the service still keeps, for one that has missed some. Only with `WEBHOOK_URL`. */
export class EventsApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** One page of events, oldest first: those that follow the event whose id is `cursor`. */
  async list({ cursor, limit }: EventPageQuery = {}, options: CallOptions = {}): Promise<EventList> {
    const body = await this.#requester.ask("GET", ["api", "events"], { ...options, query: { cursor, limit } });
    const page = answerOf<EventList>(LIST, body, ["events"]);
    checkCursor(LIST, "cursor", page.cursor);
    return page;
  }

  /**
   * All events that follow the event whose id is `cursor`, oldest first, page after page, up to the latest one.
   *
   * @param options `partial`: go on when events are not kept any more
   * @throws LastseenApiError `incomplete` when the event `cursor` is not kept any more, and `partial` is not set: events between
   *   it and the first of these may be missing. Compare your table with `sessions.all()` then
   */
  all(
    { cursor: first, ...query }: EventPageQuery = {},
    { partial = false, ...options }: CallOptions & { partial?: boolean } = {},
  ): AsyncGenerator<BackendEvent, void, undefined> {
    return itemsOf(LIST, async (cursor = first) => {
      const page = await this.list({ ...query, ...(cursor === undefined ? {} : { cursor }) }, options);
      if (page.gap && !partial) {
        const message = `${LIST}: the service does not keep the event ${cursor} any more, so events may be missing.`;
        throw new LastseenApiError("incomplete", message, { status: 200, retryable: false, field: "cursor" });
      }
      return { items: page.events, next: page.cursor };
    });
  }
}
