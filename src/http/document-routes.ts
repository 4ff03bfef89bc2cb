import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { JsonObject } from "@lastseen/protocol";

interface OpenApi {
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly [field: string]: unknown;
}

const require = createRequire(import.meta.url);

/** `npm run docs` writes it from the routes. */
function openApi(): OpenApi {
  return require("@lastseen/protocol/openapi.json") as OpenApi;
}

/** Serves the documents that describe the service, for tools that read them. */
export function documentRoutes(): FastifyPluginAsyncTypebox {
  return async (app) => {
    const url = app.prefix.replace(/\/api$/, "") || "/";
    const { servers, ...rest } = openApi();
    const document = { ...rest, servers: servers.map((server) => ({ ...server, url })) };
    app.get(
      "/openapi.json",
      {
        schema: {
          operationId: "getOpenApi",
          tags: ["documents"],
          summary: "The OpenAPI document of this API",
          response: { 200: JsonObject },
        },
      },
      () => document,
    );
    const asyncApi = readFileSync(require.resolve("@lastseen/protocol/asyncapi.yaml"), "utf8");
    app.get(
      "/asyncapi.yaml",
      {
        schema: {
          operationId: "getAsyncApi",
          tags: ["documents"],
          summary: "The AsyncAPI document of the WebSockets and the webhooks",
          response: { 200: { content: { "application/yaml": { schema: Type.String() } } } },
        },
      },
      (_request, reply) => {
        void reply.type("application/yaml; charset=utf-8");
        return asyncApi;
      },
    );
  };
}
