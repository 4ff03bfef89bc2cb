import Type, { type Static } from "typebox";
import { EpochMs } from "../messages/shared.js";
import { EXAMPLES } from "./examples.js";
import { Missing, OrNull } from "./shared.js";

/** An agent as operators see it. What only its own node knows is null elsewhere. */
export const AgentView = Type.Object({
  agentId: Type.String({ description: "Made up by its process at the start" }),
  name: Type.String(),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  address: OrNull(Type.String({ description: "Where it connects from" })),
  nodeId: Type.String({ description: "The node that it is connected to, or was" }),
  state: Type.Enum(["connected", "away"]),
  since: EpochMs,
  sessions: OrNull(Type.Integer({ description: "Sessions that its transports name" })),
  unknownSessions: OrNull(Type.Integer({ description: "Those of them that no node holds" })),
  media: OrNull(
    Type.Object({
      workers: Type.Integer(),
      transports: Type.Integer(),
      producers: Type.Integer(),
      consumers: Type.Integer(),
      unowned: Type.Integer({ description: "Transports that name no session" }),
      unreported: Type.Integer({ description: "Sessions beyond what one agent may report" }),
    }),
  ),
  unseenWhy: OrNull(Type.String({ description: "Why the agent may not see all media of its process" })),
});
export type AgentView = Static<typeof AgentView>;

/** The agents of all nodes, also those that are away. */
export const AgentList = Type.Object(
  { agents: Type.Array(AgentView), missing: Missing },
  { examples: [EXAMPLES.Agents] },
);
export type AgentList = Static<typeof AgentList>;
