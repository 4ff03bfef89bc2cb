import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import type { Cleanup } from "../reaper/cleanup.js";

const Stuck = Type.Object({
  sessionId: Type.String(),
  userId: Type.String(),
  name: Type.String(),
  /** The room that the session left; `null` when it was in none. */
  roomId: Type.Union([Type.String(), Type.Null()]),
  /** `room`: the session itself may go on. */
  scope: Type.Enum(["room", "session"]),
  reason: Type.String(),
  attempts: Type.Integer(),
  /** The steps that have not succeeded yet. */
  steps: Type.Array(Type.String()),
});
const Cleanups = Type.Object({ nodeId: Type.String(), unfinished: Type.Integer(), stuck: Type.Array(Stuck) });

/** Shows the cleanups of this node that have not ended. The list of sessions no longer shows a session whose cleanup is stuck. */
export function stuckRoute(
  nodeId: string,
  reaper: { readonly unfinished: number; readonly stuck: readonly Cleanup[] },
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/cleanups",
      {
        schema: {
          tags: ["cleanup"],
          summary: "Cleanups of this node that are under way or stuck",
          response: { 200: Cleanups },
        },
      },
      () => ({ nodeId, unfinished: reaper.unfinished, stuck: reaper.stuck.map(viewStuck) }),
    );
  };
}

function viewStuck({ session, participation, scope, reason, attempts, pending }: Cleanup) {
  const { id: sessionId, userId, name } = session;
  const roomId = participation?.roster.id ?? null;
  return { sessionId, userId, name, roomId, scope, reason, attempts, steps: pending.map((step) => step.name) };
}
