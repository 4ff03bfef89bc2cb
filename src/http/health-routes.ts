import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";

/** Numbers and checks that the health routes show. */
export interface HealthSource {
  version: string;
  nodeId: string;
  counts(): {
    connectedUsers: number;
    busyUsers: number;
    activeCalls: number;
    sessions: number;
    ghosts: number;
    rooms: number;
  };
  checks(): { media: CheckResult; redis: CheckResult };
  /** Whether new clients may be sent here. */
  isReady(): boolean;
}

/** `off`: not configured, and nothing is missing. */
export type CheckResult = "ok" | "failing" | "off";

const Check = Type.Enum(["ok", "failing", "off"]);
const Checks = Type.Object({ media: Check, redis: Check });
const Count = Type.Integer({ minimum: 0 });

const Health = Type.Object({
  status: Type.Enum(["OK", "DEGRADED"]),
  version: Type.String(),
  nodeId: Type.String(),
  uptimeSeconds: Type.Number(),
  connectedUsers: Count,
  busyUsers: Count,
  activeCalls: Count,
  sessions: Count,
  ghosts: Count,
  rooms: Count,
  checks: Checks,
});
const Liveliness = Type.Object({ status: Type.Enum(["live"]) });
const Readiness = Type.Object({ status: Type.Enum(["ready", "not_ready"]), checks: Checks });

/** Health for people and load balancers. Not protected, and says nothing about anybody. */
export function healthRoutes(source: HealthSource): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["health"];
    const security: [] = [];
    app.get(
      "/api/health",
      { schema: { tags, security, summary: "State of this node", response: { 200: Health } } },
      () => {
        const checks = source.checks();
        const status = Object.values(checks).includes("failing") ? ("DEGRADED" as const) : ("OK" as const);
        const { version, nodeId } = source;
        return { status, version, nodeId, uptimeSeconds: Math.round(process.uptime()), ...source.counts(), checks };
      },
    );
    app.get(
      "/health/live",
      { schema: { tags, security, summary: "Whether the process answers at all", response: { 200: Liveliness } } },
      () => ({ status: "live" as const }),
    );
    app.get(
      "/health/ready",
      {
        schema: {
          tags,
          security,
          summary: "Whether new clients may come",
          response: { 200: Readiness, 503: Readiness },
        },
      },
      (_request, reply) => {
        const checks = source.checks();
        const ready = source.isReady() && checks.media !== "failing";
        void reply.code(ready ? 200 : 503);
        return { status: ready ? ("ready" as const) : ("not_ready" as const), checks };
      },
    );
  };
}
