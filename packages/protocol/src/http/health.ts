import Type, { type Static } from "typebox";
import { EXAMPLES } from "./examples.js";
import { Count } from "./shared.js";

/** `off`: not configured, so nothing is missing. */
const Check = Type.Enum(["ok", "failing", "off"]);
/** `unseen`: the application makes the media, and this service cannot see it. `warnings` says why. */
const MediaCheck = Type.Enum(["ok", "failing", "off", "unseen"]);

export const Checks = Type.Object({ media: MediaCheck, redis: Check, webhook: Check });
export type Checks = Static<typeof Checks>;

const IsDraining = Type.Boolean({
  description: "It takes nothing new; `sessions` in GET /api/health are still here",
});
/** Why new clients may not come. */
const Hindrance = Type.Enum(["draining", "stopping", "media"]);
export type Hindrance = Static<typeof Hindrance>;

export const Health = Type.Object(
  {
    status: Type.Enum(["OK", "DEGRADED"]),
    version: Type.String(),
    nodeId: Type.String(),
    draining: IsDraining,
    uptimeSeconds: Type.Number(),
    connectedUsers: Count,
    busyUsers: Count,
    activeCalls: Count,
    sessions: Count,
    ghosts: Count,
    rooms: Count,
    checks: Checks,
    warnings: Type.Array(Type.String(), { description: "What is wrong, or may go wrong, and what to do; often empty" }),
  },
  { examples: [EXAMPLES.Health] },
);
export type Health = Static<typeof Health>;

export const Liveliness = Type.Object(
  {
    status: Type.Enum(["live"]),
    service: Type.Enum(["lastseen"]),
    nodeId: Type.String({ description: "The node that answers: other nodes compare it, to find a wrong PUBLIC_URL" }),
    originAllowed: Type.Optional(
      Type.Boolean({
        description: "Whether pages of the asking origin may connect; absent when the request names none",
      }),
    ),
  },
  { examples: [EXAMPLES.Liveliness] },
);
export type Liveliness = Static<typeof Liveliness>;

export const LivelinessQuery = Type.Object({
  origin: Type.Optional(
    Type.String({ description: "For pages of the same origin, whose requests have no Origin header" }),
  ),
});

export const Readiness = Type.Object(
  {
    status: Type.Enum(["ready", "not_ready"]),
    draining: IsDraining,
    reasons: Type.Array(Hindrance, { description: "Why it is not ready; empty when it is" }),
    checks: Checks,
  },
  { examples: [EXAMPLES.Readiness] },
);
export type Readiness = Static<typeof Readiness>;
