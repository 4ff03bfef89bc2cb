import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { BackendEvent, BackendEventId, LastseenError } from "@lastseen/protocol";
import type { EventLog } from "../ports/event-log.js";

const Query = Type.Object({
  after: Type.Optional(BackendEventId),
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
});
const Page = Type.Object({
  events: Type.Array(BackendEvent),
  gap: Type.Boolean({ description: "The event `after` is not kept any more: others may be missing as well" }),
  next: Type.Union([Type.String(), Type.Null()], { description: "The next `after`; null when nothing follows" }),
});

/**
 * Shows the events again, to a backend that has missed some.
 *
 * @param log undefined without `WEBHOOK_URL`
 */
export function eventRoutes(log: EventLog | undefined): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/events",
      { schema: { tags: ["events"], summary: "Events, oldest first", querystring: Query, response: { 200: Page } } },
      async ({ query: { after, limit } }) => {
        if (!log) throw new LastseenError("not_found", "Without WEBHOOK_URL no events are kept.");
        const { events, gap, next } = await log.read(after, limit);
        return { events: [...events], gap, next: next ?? null };
      },
    );
  };
}
