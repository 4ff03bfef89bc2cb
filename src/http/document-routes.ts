import { createRequire } from "node:module";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { JsonObject } from "@lastseen/protocol";

interface OpenApi {
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly [field: string]: unknown;
}

/** `npm run docs` writes it from the routes. */
function openApi(): OpenApi {
  return createRequire(import.meta.url)("@lastseen/protocol/openapi.json") as OpenApi;
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
  };
}
