import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";

/** Serves the OpenAPI page at `/docs`. */
export async function serveDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      info: { title: "Lastseen", description: "Knows who is really in the call.", version },
      components: { securitySchemes: { admin: { type: "http", scheme: "bearer" } } },
      security: [{ admin: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
}
