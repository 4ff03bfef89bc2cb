import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { AgentList } from "@lastseen/protocol/http";
import type { AgentLists } from "../admin/agent-lists.js";

/** Shows the processes with mediasoup that report media; see docs/agent.md. */
export function agentRoutes(lists: Pick<AgentLists, "all">): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/agents",
      {
        schema: {
          operationId: "listAgents",
          tags: ["agents"],
          summary: "Agents of all nodes, also those that are away",
          response: { 200: AgentList },
        },
      },
      () => lists.all(),
    );
  };
}
