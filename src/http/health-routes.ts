import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Health, Liveliness, LivelinessQuery, Readiness, type Checks, type Hindrance } from "@lastseen/protocol/http";

/** The numbers and checks that the health routes show. */
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
  checks(): Checks;
  /** What operators should know, in sentences. */
  warnings(): string[];
  /** Whether new clients may come to this node. */
  isReady(): boolean;
  /** Whether pages of this origin may connect. */
  isOriginAllowed(origin: string): boolean;
  /** Whether this node hands its sessions over to other nodes, or has done so. */
  isDraining(): boolean;
}

/** Health for people and load balancers. Needs no token, and shows nothing about single users. */
export function healthRoutes(source: HealthSource): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["health"];
    const security: [] = [];
    app.get(
      "/api/health",
      {
        schema: { operationId: "getHealth", tags, security, summary: "State of this node", response: { 200: Health } },
      },
      () => {
        const checks = source.checks();
        const status = Object.values(checks).includes("failing") ? ("DEGRADED" as const) : ("OK" as const);
        const { version, nodeId } = source;
        const draining = source.isDraining();
        const uptimeSeconds = Math.round(process.uptime());
        return {
          status,
          version,
          nodeId,
          draining,
          uptimeSeconds,
          ...source.counts(),
          checks,
          warnings: source.warnings(),
        };
      },
    );
    app.get(
      "/health/live",
      {
        schema: {
          operationId: "getLiveness",
          tags,
          security,
          summary: "Whether the process answers at all",
          querystring: LivelinessQuery,
          response: { 200: Liveliness },
        },
      },
      (request, reply) => {
        // A page of a refused origin must be able to read that it is refused. Nothing here is secret.
        void reply.headers({ "access-control-allow-origin": "*", "cache-control": "no-store" });
        const origin = request.headers.origin ?? request.query.origin;
        const live = { status: "live" as const, service: "lastseen" as const, nodeId: source.nodeId };
        return origin ? { ...live, originAllowed: source.isOriginAllowed(origin) } : live;
      },
    );
    app.get(
      "/health/ready",
      {
        schema: {
          operationId: "getReadiness",
          tags,
          security,
          summary: "Whether new clients may come",
          response: { 200: Readiness, 503: Readiness },
        },
      },
      (_request, reply) => {
        const reasons = hindrances(source);
        const ready = reasons.length === 0;
        const status = ready ? ("ready" as const) : ("not_ready" as const);
        void reply.code(ready ? 200 : 503);
        return { status, draining: source.isDraining(), reasons, checks: source.checks() };
      },
    );
  };
}

function hindrances(source: HealthSource): Hindrance[] {
  const draining = source.isDraining();
  return [
    ...(draining ? (["draining"] as const) : []),
    ...(!draining && !source.isReady() ? (["stopping"] as const) : []),
    ...(source.checks().media === "failing" ? (["media"] as const) : []),
  ];
}
