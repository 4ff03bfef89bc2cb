import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import type { Cleanup } from "../reaper/cleanup.js";

const Stuck = Type.Object({
  sessionId: Type.String(),
  userId: Type.String(),
  name: Type.String(),
  /** The room that was left; `null` when the session was in none. */
  roomId: Type.Union([Type.String(), Type.Null()]),
  /** `room`: the session itself may go on. */
  scope: Type.Enum(["room", "session"]),
  reason: Type.String(),
  attempts: Type.Integer(),
  /** What has not succeeded yet. */
  steps: Type.Array(Type.String()),
});
const Cleanups = Type.Object({ nodeId: Type.String(), unfinished: Type.Integer(), stuck: Type.Array(Stuck) });

/** Cleanups of this node that have not ended: a session whose cleanup is stuck is in no list of sessions any more. */
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
