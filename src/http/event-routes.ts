import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { EventList, EventQuery } from "@lastseen/protocol/http";
import { HttpRefusal } from "./http-refusal.js";
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
          operationId: "listEvents",
          tags: ["events"],
          summary: "Events, oldest first",
          querystring: EventQuery,
          response: { 200: EventList },
        },
      },
      async ({ query: { after, cursor: from = after, limit } }) => {
        if (!log)
          throw new HttpRefusal("not_found", "Without WEBHOOK_URL no events are kept.", { mend: "Set WEBHOOK_URL." });
        const { events, gap, next } = await log.read(from, limit);
        const cursor = next ?? null;
        return { events: [...events], gap, cursor, next: cursor };
      },
    );
  };
}
