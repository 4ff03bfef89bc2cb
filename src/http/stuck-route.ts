import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { CleanupList, type StuckCleanup } from "@lastseen/protocol/http";
import type { Cleanup } from "../reaper/cleanup.js";

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
          operationId: "listCleanups",
          tags: ["cleanup"],
          summary: "Cleanups of this node that are under way or stuck",
          response: { 200: CleanupList },
        },
      },
      () => ({ nodeId, unfinished: reaper.unfinished, stuck: reaper.stuck.map(viewStuck) }),
    );
  };
}

function viewStuck({ session, participation, scope, reason, attempts, pending }: Cleanup): StuckCleanup {
  const { id: sessionId, userId, name } = session;
  const roomId = participation?.roster.id ?? null;
  return { sessionId, userId, name, roomId, scope, reason, attempts, steps: pending.map((step) => step.name) };
}
