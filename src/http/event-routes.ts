import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { LastseenError } from "@lastseen/protocol";
import { EventList, EventQuery } from "@lastseen/protocol/http";
import type { EventLog } from "../ports/event-log.js";

/**
 * Shows the events again, to a backend that has missed some.
 *
 * @param log undefined without `WEBHOOK_URL`
 */
export function eventRoutes(log: EventLog | undefined): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/events",
      {
        schema: {
          tags: ["events"],
          summary: "Events, oldest first",
          querystring: EventQuery,
          response: { 200: EventList },
        },
      },
      async ({ query: { after, limit } }) => {
        if (!log) throw new LastseenError("not_found", "Without WEBHOOK_URL no events are kept.");
        const { events, gap, next } = await log.read(after, limit);
        return { events: [...events], gap, next: next ?? null };
      },
    );
  };
}
