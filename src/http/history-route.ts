import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type, { type Static } from "typebox";

const Count = Type.Integer({ minimum: 0 });
const Milliseconds = Type.Union([Type.Number(), Type.Null()]);
const Times = Type.Object({ count: Count, medianMs: Milliseconds, longestMs: Milliseconds });
const Minute = Type.Object({
  at: Type.Number({ description: "When the minute began, epoch ms" }),
  joins: Count,
  aways: Type.Integer({ minimum: 0, description: "People who were shown as away" }),
  evictions: Type.Integer({ minimum: 0, description: "Sessions that ended because their clients were gone" }),
  sessions: Type.Integer({ minimum: 0, description: "The most at one time" }),
  ghosts: Type.Integer({ minimum: 0, description: "The most at one time" }),
  away: Times,
  detection: Times,
});
type Minute = Static<typeof Minute>;
const History = Type.Object({
  nodeId: Type.String(),
  minutes: Type.Array(Minute, { description: "Oldest first; the last minute is still running" }),
});

/** Shows what happened on this node in each minute of the last hour. The operator page draws it. */
export function historyRoute(nodeId: string, history: { minutes(): Minute[] }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/history",
      {
        schema: {
          tags: ["history"],
          summary: "The last hour of this node, minute by minute",
          response: { 200: History },
        },
      },
      () => ({ nodeId, minutes: history.minutes() }),
    );
  };
}
