/** The OpenAPI document of the HTTP API: what the routes say of themselves, with names for the schemas that others' tools want. */
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import { BackendBatch, BackendMessage } from "@lastseen/protocol";
import { API_SCHEMAS } from "@lastseen/protocol/http";
import { plain, SchemaNames, type Fields } from "./schema-names.js";

const TAGS = {
  health: "Whether the service, and this node of it, is well. Needs no token",
  rooms: "Rooms, and who is really in them",
  sessions: "Sessions, and the evidence that decides whether they are alive",
  users: "Whether users can be called, and by whom they do not want to be called",
  blocks: "Users who may not come for a time",
  events: "Events for a backend that has missed some",
  agents: "Processes with mediasoup of their own",
  nodes: "The nodes of the service",
  history: "The last hour",
  cleanup: "Cleanups",
  settings: "Deadlines",
  metrics: "Numbers for Prometheus",
  webhooks: "What the service posts to a backend",
  documents: "This document, and the one of the WebSocket",
} as const;

const BEARER = { type: "http", scheme: "bearer" } as const;

/** @param version of the service */
export function openApiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    convertConstToEnum: false,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Lastseen",
        summary: "Knows who is really in the call.",
        description:
          "The HTTP API of Lastseen. Times are epoch milliseconds (`…At`), durations milliseconds (`…Ms`). Every refusal is a " +
          "problem of RFC 9457. Readers ignore fields that they do not know: later versions may add some.",
        version,
        license: { name: "MIT", identifier: "MIT" },
      } as NonNullable<NonNullable<FastifyDynamicSwaggerOptions["openapi"]>["info"]>,
      servers: [{ url: "/", description: "The service that serves this document" }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          admin: { ...BEARER, description: "The setting ADMIN_TOKEN" },
          metrics: { ...BEARER, description: "The setting METRICS_TOKEN" },
        },
      },
      security: [{ admin: [] }],
    },
    transformObject: (found) => withNames(found as { openapiObject: object }),
  };
}

function withNames({ openapiObject }: { openapiObject: object }): object {
  const { paths, components, ...head } = plain(openapiObject) as { paths: Fields; components: Fields } & Fields;
  const names = new SchemaNames(API_SCHEMAS, "#/components/schemas/");
  const named = { paths: names.referring(described(paths)), webhooks: names.referring(plain(webhooks())) };
  return { ...head, ...named, components: { ...components, schemas: names.definitions() } };
}

/** Requests that the service sends: `WEBHOOK_URL`. */
function webhooks(): object {
  const content = { "application/json": { schema: { anyOf: [BackendMessage, BackendBatch] } } };
  const headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => ({
    in: "header",
    name,
    required: true,
    schema: { type: "string" },
  }));
  const post = {
    operationId: "receiveEvents",
    tags: ["webhooks"],
    summary: "One event, or several of them, signed as Standard Webhooks says",
    security: [],
    parameters: headers,
    requestBody: { required: true, content },
    responses: {
      "2XX": { description: "The events are taken" },
      "4XX": { description: "The events are refused; they come again" },
      "5XX": { description: "The events cannot be taken now; they come again" },
    },
  };
  return { events: { post } };
}

/** An answer without a description of its own has that of its operation. */
function described(paths: Fields): Fields {
  const operations = Object.values(paths).flatMap((path) => Object.values(path as Fields));
  for (const operation of operations as { summary: string; responses: Record<string, { description: string }> }[]) {
    for (const response of Object.values(operation.responses)) {
      if (response.description === "Default Response") response.description = operation.summary;
    }
  }
  return paths;
}
