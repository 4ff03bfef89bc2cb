import type { BackendEvent } from "@lastseen/protocol";
import type { EventList, EventQuery } from "@lastseen/protocol/http";
import { answerOf, checkCursor } from "./answers.js";
import { LastseenApiError } from "./api-error.js";
import type { CallOptions } from "./options.js";
import { itemsOf } from "./pages.js";
import type { Requester } from "./requester.js";

const LIST = "GET /api/events";

/** The events for your backend that the service still keeps, for one that has missed some. Only with `WEBHOOK_URL`. */
export class EventsApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** One page of events, oldest first: those that follow `after`. */
  async list({ after, limit }: Partial<EventQuery> = {}, options: CallOptions = {}): Promise<EventList> {
    const body = await this.#requester.ask("GET", ["api", "events"], { ...options, query: { after, limit } });
    const page = answerOf<EventList>(LIST, body, ["events"]);
    checkCursor(LIST, "next", page.next);
    return page;
  }

  /**
   * All events that follow `after`, oldest first, page after page, up to the latest one.
   *
   * @param options `partial`: go on when events are not kept any more
   * @throws LastseenApiError `incomplete` when the event `after` is not kept any more, and `partial` is not set: events between
   *   it and the first of these may be missing. Compare your table with `sessions.all()` then
   */
  all(
    { after, limit }: Partial<EventQuery> = {},
    { partial = false, ...options }: CallOptions & { partial?: boolean } = {},
  ): AsyncGenerator<BackendEvent, void, undefined> {
    return itemsOf(LIST, async (cursor) => {
      const from = cursor ?? after;
      const page = await this.list(
        { ...(from === undefined ? {} : { after: from }), ...(limit === undefined ? {} : { limit }) },
        options,
      );
      if (page.gap && !partial) {
        const message = `${LIST}: the service does not keep the event ${from} any more, so events may be missing.`;
        throw new LastseenApiError("incomplete", message, { status: 200, retryable: false, field: "after" });
      }
      return { items: page.events, next: page.next };
    });
  }
}
