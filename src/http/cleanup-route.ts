import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { CleanupReport } from "@lastseen/protocol/http";
import type { ReconcileReport, SweepReport } from "../reaper/report.js";
import type { Actor } from "../session/actor.js";
import type { ActorOf } from "./actor.js";

/** Runs the sweep and the reconciliation now, so that an operator does not wait for the next ones. */
export function cleanupRoute(parts: {
  /** `by`: who asked for it. */
  sweep: (by: Actor) => Promise<SweepReport>;
  reconcile: () => Promise<ReconcileReport>;
  actorOf: ActorOf;
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      "/cleanup",
      {
        schema: {
          operationId: "cleanUp",
          tags: ["cleanup"],
          summary: "Sweep and reconcile now",
          response: { 200: CleanupReport },
        },
      },
      async (asked) => {
        const sweep = await parts.sweep(parts.actorOf(asked));
        return { sweep, reconciliation: await parts.reconcile() };
      },
    );
  };
}
