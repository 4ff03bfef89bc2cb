import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { LastseenError } from "../protocol/errors.js";
import type { Timeline } from "../observability/timeline.js";
import type { Reaper } from "../reaper/reaper.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { SessionView, stateOf, viewSession } from "./session-view.js";

const ById = Type.Object({ id: Type.String({ maxLength: 128 }) });
const Filter = Type.Object({
  userId: Type.Optional(Type.String()),
  roomId: Type.Optional(Type.String()),
  state: Type.Optional(Type.Enum(["present", "away", "ghost", "closing"])),
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
});
const Gone = Type.Null({ description: "The session has ended" });
const Page = Type.Object({ sessions: Type.Array(SessionView), cursor: Type.Union([Type.String(), Type.Null()]) });
const Entries = Type.Object({
  sessionId: Type.String(),
  entries: Type.Array(
    Type.Object({ at: Type.Number(), step: Type.String(), detail: Type.Record(Type.String(), Type.Unknown()) }),
  ),
});

/** Sessions for operators: look, understand, kick. */
export function sessionRoutes(parts: {
  registry: SessionRegistry;
  liveness: Liveness;
  reaper: Reaper;
  timeline: Timeline;
}): FastifyPluginAsyncTypebox {
  const { registry, liveness, reaper, timeline } = parts;
  return async (app) => {
    const tags = ["sessions"];
    app.get(
      "/sessions",
      { schema: { tags, summary: "Sessions, oldest first", querystring: Filter, response: { 200: Page } } },
      ({ query }) => {
        const matching = [...registry.all()]
          .filter((session) => matches(session, query) && (!query.state || stateOf(session, liveness) === query.state))
          .map((session) => ({ session, position: positionOf(session) }))
          .filter(({ position }) => query.cursor === undefined || position > query.cursor)
          .toSorted((a, b) => (a.position < b.position ? -1 : 1));
        const page = matching.slice(0, query.limit);
        const last = page.at(-1);
        return {
          sessions: page.map(({ session }) => viewSession(session, liveness)),
          cursor: last && matching.length > page.length ? last.position : null,
        };
      },
    );
    app.get(
      "/sessions/:id",
      { schema: { tags, summary: "One session and its evidence", params: ById, response: { 200: SessionView } } },
      ({ params }) => viewSession(registry.get(params.id), liveness),
    );
    app.get(
      "/sessions/:id/timeline",
      { schema: { tags, summary: "What happened to a session and why", params: ById, response: { 200: Entries } } },
      ({ params }) => {
        const entries = timeline.find(params.id);
        if (!entries) throw new LastseenError("not_found", "Nothing is known of such a session (any more).");
        return { sessionId: params.id, entries: [...entries] };
      },
    );
    app.delete(
      "/sessions/:id",
      { schema: { tags, summary: "Kick: the same cleanup as for a ghost", params: ById, response: { 204: Gone } } },
      async ({ params }, reply) => {
        await reaper.end(registry.get(params.id), { reason: "kicked" });
        return reply.code(204).send(null);
      },
    );
  };
}

function matches(session: Session, query: { userId?: string; roomId?: string }): boolean {
  if (query.userId !== undefined && session.userId !== query.userId) return false;
  return query.roomId === undefined || session.participation?.roster.id === query.roomId;
}

/** Sorts by age; stays valid as a cursor when the session itself is gone. */
function positionOf(session: Session): string {
  return `${String(session.openedAt).padStart(15, "0")}.${session.id}`;
}
