import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import type { ReconcileReport, SweepReport } from "../reaper/report.js";

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
  sweep: () => Promise<SweepReport>;
  reconcile: () => Promise<ReconcileReport>;
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      "/cleanup",
      { schema: { tags: ["cleanup"], summary: "Sweep and reconcile now", response: { 200: Report } } },
      async () => {
        const sweep = await parts.sweep();
        return { sweep, reconciliation: await parts.reconcile() };
      },
    );
  };
}
