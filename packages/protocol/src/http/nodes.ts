import Type, { type Static } from "typebox";
import { EXAMPLES } from "./examples.js";
import { Missing } from "./shared.js";

/** One node, for operators. */
export const NodeSummary = Type.Object({
  nodeId: Type.String(),
  version: Type.String(),
  uptimeSeconds: Type.Number(),
  sessions: Type.Integer(),
  ghosts: Type.Integer({ description: "Sessions over their deadline that are still here" }),
  rooms: Type.Integer(),
  participants: Type.Integer(),
  draining: Type.Boolean({ description: "Whether it hands its sessions over to other nodes, or has done so" }),
});
export type NodeSummary = Static<typeof NodeSummary>;

export const NodeList = Type.Object(
  {
    nodes: Type.Array(NodeSummary, { description: "The node that answers comes first" }),
    missing: Missing,
  },
  { examples: [EXAMPLES.Nodes] },
);
export type NodeList = Static<typeof NodeList>;

export const Draining = Type.Object(
  { sessions: Type.Integer({ description: "Sessions that are still here" }) },
  { examples: [EXAMPLES.Draining] },
);
export type Draining = Static<typeof Draining>;
