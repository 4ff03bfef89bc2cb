import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { ADMIN_TOKEN } from "../../support/secrets.js";

test.each([
  ["/api/health", "GET", 200],
  ["/health/live", "GET", 200],
  ["/metrics", "GET", 200],
  ["/api/sessions", "GET", 401],
  ["/api/nothing", "GET", 404],
  ["/api/sessions/leave", "POST", 400],
  ["/api/%zz", "GET", 400],
  ["/api/rooms", "OPTIONS", 204],
])("no browser keeps or guesses the type of %s %s with status %i", async (path, method, status) => {
  const service = await startService({ ADMIN_TOKEN });
  const preflight = { origin: "http://localhost:3002", "access-control-request-method": "GET" };
  const answer = await service.get(path, { method, ...(method === "OPTIONS" ? { headers: preflight } : {}) });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("cache-control")).toBe("no-store");
});
