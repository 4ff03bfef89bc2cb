import type { SessionFilter, SessionHistory, SessionList, SessionView } from "@lastseen/protocol/http";
import { answerOf, checkCursor } from "./answers.js";
import { unlessUnknown } from "./api-error.js";
import { sessionIdOf } from "./ids.js";
import type { CallOptions } from "./options.js";
import { assertComplete, itemsOf } from "./pages.js";
import type { Requester } from "./requester.js";

/** Which sessions. `limit`: the most sessions of one page, 1 to 1,000. */
export type SessionQuery = Partial<SessionFilter>;

const LIST = "GET /api/sessions";

/** The sessions, with the evidence that decides whether they are alive. */
export class SessionsApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** One page, the oldest session first (of ended ones the last end first). The next page begins at `cursor`. */
  async list(query: SessionQuery = {}, options: CallOptions = {}): Promise<SessionList> {
    const { userId, roomId, search, state, cursor, limit } = query;
    const asked = { ...options, query: { userId, roomId, search, state, cursor, limit } };
    const body = await this.#requester.ask("GET", ["api", "sessions"], asked);
    const page = answerOf<SessionList>(LIST, body, ["sessions", "missing"]);
    checkCursor(LIST, "cursor", page.cursor);
    return page;
  }

  /**
   * All sessions that fit, page after page: `for await (const session of api.sessions.all({ roomId }))`.
   *
   * @param options `partial`: go on when nodes do not answer. Their sessions are left out then, which do not have to be gone
   * @throws LastseenApiError `incomplete` when nodes do not answer, and `partial` is not set. `data.missing` names them
   */
  all(
    query: Omit<SessionQuery, "cursor"> = {},
    { partial = false, ...options }: CallOptions & { partial?: boolean } = {},
  ): AsyncGenerator<SessionView, void, undefined> {
    return itemsOf(LIST, async (cursor) => {
      const page = await this.list({ ...query, ...(cursor === undefined ? {} : { cursor }) }, options);
      if (!partial) assertComplete(LIST, page.missing);
      return { items: page.sessions, next: page.cursor };
    });
  }

  /** One session, also for a quarter of an hour after its end. @throws LastseenApiError `not_found` */
  async get(sessionId: string, options: CallOptions = {}): Promise<SessionView> {
    const body = await this.#requester.ask("GET", ["api", "sessions", sessionIdOf(sessionId)], options);
    return answerOf<SessionView>("GET /api/sessions/:sessionId", body);
  }

  /** As {@link get}; undefined when there is no such session, or it ended too long ago. */
  async find(sessionId: string, options: CallOptions = {}): Promise<SessionView | undefined> {
    return unlessUnknown(this.get(sessionId, options), undefined);
  }

  /** What happened to a session and why, also for a quarter of an hour after its end. @throws LastseenApiError `not_found` */
  async timeline(sessionId: string, options: CallOptions = {}): Promise<SessionHistory> {
    const path = ["api", "sessions", sessionIdOf(sessionId), "timeline"];
    const body = await this.#requester.ask("GET", path, options);
    return answerOf<SessionHistory>("GET /api/sessions/:sessionId/timeline", body, ["entries"]);
  }

  /** Ends a session, with the same cleanup as for a ghost. @returns `false` when there was no such session */
  async kick(sessionId: string, options: CallOptions = {}): Promise<boolean> {
    const ended = this.#requester.ask("DELETE", ["api", "sessions", sessionIdOf(sessionId)], options);
    return unlessUnknown(
      ended.then(() => true),
      false,
    );
  }
}
