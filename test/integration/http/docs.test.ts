import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { ADMIN_TOKEN, PRODUCTION } from "../../support/secrets.js";

interface Operation {
  summary?: string;
  operationId?: string;
  security?: object[];
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

test("in development there is an OpenAPI page with every route, what it answers and how it refuses", async () => {
  const service = await startService({ LASTSEEN_ENV: "development" });
  const page = await service.get("/docs");
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("swagger-ui");
  const spec = (await (await service.get("/docs/json")).json()) as { paths: Record<string, Record<string, Operation>> };
  const operations = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
  const names = operations.map(({ name }) => name).filter((name) => !name.startsWith("HEAD"));
  expect(names.toSorted()).toEqual([
    "DELETE /api/rooms/{roomId}",
    "DELETE /api/sessions/{sessionId}",
    "DELETE /api/users/{userId}/block",
    "DELETE /api/users/{userId}/blocked-callers/{callerId}",
    "GET /api/agents",
    "GET /api/asyncapi.yaml",
    "GET /api/blocks",
    "GET /api/cleanups",
    "GET /api/events",
    "GET /api/health",
    "GET /api/history",
    "GET /api/nodes",
    "GET /api/openapi.json",
    "GET /api/rooms",
    "GET /api/rooms/{roomId}",
    "GET /api/sessions",
    "GET /api/sessions/{sessionId}",
    "GET /api/sessions/{sessionId}/timeline",
    "GET /api/settings",
    "GET /api/users/{userId}/blocked-callers",
    "GET /api/users/{userId}/status",
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "POST /api/cleanup",
    "POST /api/drain",
    "POST /api/sessions/hold",
    "POST /api/sessions/leave",
    "PUT /api/users/{userId}/block",
    "PUT /api/users/{userId}/blocked-callers/{callerId}",
  ]);
  const refusal = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { name, operation } of operations) {
    expect(operation.summary, name).toBeTypeOf("string");
    expect(operation.operationId, name).toMatch(/^[a-z]+([A-Z][a-z]+)*$/);
    expect(operation.responses["4XX"]?.content, name).toEqual(refusal);
    const success = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
    expect(success, name).toHaveLength(1);
    const open = /health|leave|hold/.test(name);
    expect(operation.security, name).toEqual(open ? [] : name.includes("metrics") ? [{ metrics: [] }] : undefined);
  }
});

test.each(["test", "production"])("in %s there is none", async (environment) => {
  const service = await startService({ ...PRODUCTION, LASTSEEN_ENV: environment });
  for (const path of ["/docs", "/docs/json", "/docs/"]) expect((await service.get(path)).status).toBe(404);
});

test("the document is served to who may use the API, in production too, with the address of the service", async () => {
  const service = await startService({ ...PRODUCTION, ADMIN_TOKEN });
  expect((await service.get("/api/openapi.json")).status).toBe(401);
  const response = await service.get("/api/openapi.json", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  expect(response.status).toBe(200);
  const document = (await response.json()) as { openapi: string; servers: { url: string }[]; paths: object };
  expect(document.openapi).toBe("3.1.0");
  expect(document.servers.map(({ url }) => url)).toEqual(["/"]);
  expect(Object.keys(document.paths)).toContain("/api/sessions/{sessionId}");
});

test("the AsyncAPI document of the WebSockets is served beside it", async () => {
  const service = await startService();
  const response = await service.get("/api/asyncapi.yaml");
  expect(response.headers.get("content-type")).toMatch(/^application\/yaml/);
  expect(await response.text()).toContain("\nasyncapi: 3.0.0\n");
});
