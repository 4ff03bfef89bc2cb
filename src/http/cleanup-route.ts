import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import type { ReconcileReport, SweepReport } from "../reaper/report.js";
import type { Actor } from "../session/actor.js";
import type { ActorOf } from "./actor.js";

const Report = Type.Object({
  sweep: Type.Object({
    at: Type.Number(),
    result: Type.Enum(["completed", "held"]),
    checked: Type.Integer(),
    ghosts: Type.Integer(),
    reaped: Type.Array(Type.String()),
    stuckRetried: Type.Integer(),
    durationMs: Type.Number(),
  }),
  reconciliation: Type.Object({
    orphansClosed: Type.Integer(),
    orphansSuspected: Type.Integer(),
    mediaReset: Type.Integer(),
    foreignMedia: Type.Object({ transport: Type.Integer(), producer: Type.Integer(), consumer: Type.Integer() }),
    rosterRepaired: Type.Integer(),
    directoryDrift: Type.Integer(),
  }),
});

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
      { schema: { tags: ["cleanup"], summary: "Sweep and reconcile now", response: { 200: Report } } },
      async (asked) => {
        const sweep = await parts.sweep(parts.actorOf(asked));
        return { sweep, reconciliation: await parts.reconcile() };
      },
    );
  };
}
