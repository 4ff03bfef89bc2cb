import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { NodeSummary, type OperatorView } from "../admin/local-view.js";

const List = Type.Object({
  nodes: Type.Array(NodeSummary, { description: "The node that answers comes first" }),
  missing: Type.Array(Type.String(), { description: "Nodes that did not answer" }),
});

/** Shows operators the nodes, and how much each of them holds. */
export function nodeRoutes(view: OperatorView): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get("/nodes", { schema: { tags: ["nodes"], summary: "All nodes", response: { 200: List } } }, () =>
      view.nodes(),
    );
  };
}
