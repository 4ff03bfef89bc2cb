import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { openApiOptions } from "./openapi.js";

/** Serves the OpenAPI page at `/docs`. */
export async function serveDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, openApiOptions(version));
  await app.register(swaggerUi, { routePrefix: "/docs" });
}
