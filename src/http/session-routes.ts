import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { SessionFilter, SessionHistory, SessionList, SessionView } from "@lastseen/protocol/http";
import type { OperatorView } from "../admin/local-view.js";
import { publicSession } from "../admin/public-views.js";
import type { ActorOf } from "./actor.js";

const ById = Type.Object({ sessionId: Type.String({ maxLength: 128 }) });
const Gone = Type.Null({ description: "The session has ended" });

/** Shows operators the sessions and their history, and kicks sessions. */
export function sessionRoutes(view: OperatorView, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["sessions"];
    app.get(
      "/sessions",
      {
        schema: {
          operationId: "listSessions",
          tags,
          summary: "Sessions, oldest first",
          querystring: SessionFilter,
          response: { 200: SessionList },
        },
      },
      async ({ query }) => {
        const { sessions, ...rest } = await view.sessions(query);
        return { sessions: sessions.map(publicSession), ...rest };
      },
    );
    app.get(
      "/sessions/:sessionId",
      {
        schema: {
          operationId: "getSession",
          tags,
          summary: "One session and its evidence, also for a while after its end",
          params: ById,
          response: { 200: SessionView },
        },
      },
      async ({ params }) => publicSession(await view.session(params.sessionId)),
    );
    app.get(
      "/sessions/:sessionId/timeline",
      {
        schema: {
          operationId: "getSessionTimeline",
          tags,
          summary: "What happened to a session and why",
          params: ById,
          response: { 200: SessionHistory },
        },
      },
      ({ params }) => view.timeline(params.sessionId),
    );
    app.delete(
      "/sessions/:sessionId",
      {
        schema: {
          operationId: "kickSession",
          tags,
          summary: "Kick: the same cleanup as for a ghost",
          params: ById,
          response: { 204: Gone },
        },
      },
      async (request, reply) => {
        await view.kick(request.params.sessionId, actorOf(request));
        return reply.code(204).send(null);
      },
    );
  };
}
