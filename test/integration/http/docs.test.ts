import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { PRODUCTION } from "../../support/secrets.js";

interface Operation {
  summary?: string;
  security?: object[];
  responses: Record<string, { content?: Record<string, { schema: { properties?: { error?: object } } }> }>;
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
    "DELETE /api/sessions/{id}",
    "DELETE /api/users/{userId}/block",
    "DELETE /api/users/{userId}/blocked-callers/{callerId}",
    "GET /api/agents",
    "GET /api/blocks",
    "GET /api/cleanups",
    "GET /api/events",
    "GET /api/health",
    "GET /api/history",
    "GET /api/nodes",
    "GET /api/rooms",
    "GET /api/rooms/{roomId}",
    "GET /api/sessions",
    "GET /api/sessions/{id}",
    "GET /api/sessions/{id}/timeline",
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
  const error = {
    type: "object",
    required: ["code", "message"],
    properties: { code: { enum: expect.arrayContaining(["unauthorized", "not_found"]) }, message: { type: "string" } },
  };
  for (const { name, operation } of operations) {
    expect(operation.summary, name).toBeTypeOf("string");
    expect(operation.responses["4XX"]?.content?.["application/json"]?.schema.properties?.error, name).toMatchObject(
      error,
    );
    const success = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
    expect(success, name).toHaveLength(1);
    const open = /health|leave|hold/.test(name);
    expect(operation.security, name).toEqual(open ? [] : undefined);
  }
});

test.each(["test", "production"])("in %s there is none", async (environment) => {
  const service = await startService({ ...PRODUCTION, LASTSEEN_ENV: environment });
  for (const path of ["/docs", "/docs/json", "/docs/"]) expect((await service.get(path)).status).toBe(404);
});
