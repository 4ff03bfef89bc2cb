import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import type { AgentLists } from "../admin/agent-lists.js";
import { AgentView } from "../ports/agent-links.js";

const List = Type.Object({
  agents: Type.Array(AgentView),
  missing: Type.Array(Type.String(), { description: "Nodes that did not answer" }),
});

/** Shows the processes with mediasoup that report media; see docs/agent.md. */
export function agentRoutes(lists: Pick<AgentLists, "all">): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/agents",
      {
        schema: { tags: ["agents"], summary: "Agents of all nodes, also those that are away", response: { 200: List } },
      },
      () => lists.all(),
    );
  };
}
