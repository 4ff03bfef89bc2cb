import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { NodeList } from "@lastseen/protocol/http";
import type { OperatorView } from "../admin/local-view.js";

/** Shows operators the nodes, and how much each of them holds. */
export function nodeRoutes(view: OperatorView): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/nodes",
      { schema: { operationId: "listNodes", tags: ["nodes"], summary: "All nodes", response: { 200: NodeList } } },
      () => view.nodes(),
    );
  };
}
