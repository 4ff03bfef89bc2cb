import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { NodeHistory, type HistoryMinute } from "@lastseen/protocol/http";

/** Shows what happened on this node in each minute of the last hour. The operator page draws it. */
export function historyRoute(nodeId: string, history: { minutes(): HistoryMinute[] }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/history",
      {
        schema: {
          operationId: "getHistory",
          tags: ["history"],
          summary: "The last hour of this node, minute by minute",
          response: { 200: NodeHistory },
        },
      },
      () => ({ nodeId, minutes: history.minutes() }),
    );
  };
}
