import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Deadlines } from "@lastseen/protocol/http";

/** Shows the deadlines that decide who is alive. The operator page compares ages with them. */
export function settingsRoute(settings: Deadlines): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/settings",
      {
        schema: {
          operationId: "getSettings",
          tags: ["settings"],
          summary: "The deadlines that decide who is alive",
          response: { 200: Deadlines },
        },
      },
      () => settings,
    );
  };
}
