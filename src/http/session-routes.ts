import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { SessionFilter, SessionHistory, SessionList, SessionView } from "@lastseen/protocol/http";
import type { OperatorView } from "../admin/local-view.js";
import type { ActorOf } from "./actor.js";

const ById = Type.Object({ id: Type.String({ maxLength: 128 }) });
const Gone = Type.Null({ description: "The session has ended" });
/** Shows operators the sessions and their history, and kicks sessions. */
export function sessionRoutes(view: OperatorView, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["sessions"];
    app.get(
      "/sessions",
      {
        schema: { tags, summary: "Sessions, oldest first", querystring: SessionFilter, response: { 200: SessionList } },
      },
      ({ query }) => view.sessions(query),
    );
    app.get(
      "/sessions/:id",
      {
        schema: {
          tags,
          summary: "One session and its evidence, also for a while after its end",
          params: ById,
          response: { 200: SessionView },
        },
      },
      ({ params }) => view.session(params.id),
    );
    app.get(
      "/sessions/:id/timeline",
      {
        schema: {
          tags,
          summary: "What happened to a session and why",
          params: ById,
          response: { 200: SessionHistory },
        },
      },
      ({ params }) => view.timeline(params.id),
    );
    app.delete(
      "/sessions/:id",
      { schema: { tags, summary: "Kick: the same cleanup as for a ghost", params: ById, response: { 204: Gone } } },
      async (request, reply) => {
        await view.kick(request.params.id, actorOf(request));
        return reply.code(204).send(null);
      },
    );
  };
}
