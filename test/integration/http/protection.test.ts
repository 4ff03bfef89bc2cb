import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startService } from "../../support/service.js";
import { ADMIN_TOKEN as ADMIN, METRICS_TOKEN, PRODUCTION } from "../../support/secrets.js";
import { problem } from "../../support/problem.js";

const ADMIN_ROUTES = [
  ["GET", "/api/rooms"],
  ["GET", "/api/rooms/daily"],
  ["DELETE", "/api/rooms/daily"],
  ["GET", "/api/sessions"],
  ["GET", "/api/sessions/x"],
  ["DELETE", "/api/sessions/x"],
  ["GET", "/api/sessions/x/timeline"],
  ["POST", "/api/cleanup"],
] as const;
const OPEN_ROUTES = ["/api/health", "/health/live", "/health/ready"];

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

test.each(ADMIN_ROUTES)("%s %s needs the admin token when there is one", async (method, path) => {
  const service = await startService({ ADMIN_TOKEN: ADMIN });
  const wrong = [
    undefined,
    "",
    ADMIN,
    "Bearer",
    "Bearer ",
    `Bearer ${ADMIN}x`,
    `Bearer ${ADMIN.slice(0, -1)}`,
    `Bearer ${ADMIN.toUpperCase()}`,
    `Basic ${Buffer.from(`admin:${ADMIN}`).toString("base64")}`,
    `Bearer ${ADMIN}, Bearer other`,
  ];
  for (const authorization of wrong) {
    const headers = authorization === undefined ? {} : { headers: { authorization } };
    const response = await service.get(path, { method, ...headers });
    expect(response.status, authorization).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await response.json()).toEqual(
      problem("unauthorized", 401, { field: "header.authorization", mend: expect.any(String) }),
    );
  }
  for (const authorization of [`Bearer ${ADMIN}`, `bearer ${ADMIN}`]) {
    const allowed = await service.get(path, { method, headers: { authorization } });
    expect([200, 404]).toContain(allowed.status);
    if (allowed.status === 404) expect(await allowed.json()).toMatchObject({ error: { code: "not_found" } });
  }
  expect(JSON.stringify(service.log)).not.toContain(ADMIN);
});

test("the token is asked for before anything is looked up or checked", async () => {
  const service = await startService({ ADMIN_TOKEN: ADMIN });
  expect((await service.get("/api/sessions?limit=x")).status).toBe(401);
  expect((await service.get("/api/sessions?limit=x", bearer(ADMIN))).status).toBe(400);
});

test("the token may come from a file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-token-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "admin_token");
  writeFileSync(path, `${ADMIN}\n`);
  const service = await startService({ ADMIN_TOKEN_FILE: path });
  expect((await service.get("/api/rooms")).status).toBe(401);
  expect((await service.get("/api/rooms", bearer(ADMIN))).status).toBe(200);
});

test("a secret that is easy to guess is told in the log, without the secret", async () => {
  const weak = "abcdefghijklmnopqrst";
  const service = await startService({ ADMIN_TOKEN: weak });
  const warnings = service.log.filter(({ level }) => level === 40);
  expect(warnings).toMatchObject([{ reason: expect.stringContaining("ADMIN_TOKEN is easy to guess") }]);
  expect(JSON.stringify(service.log)).not.toContain(weak);
});

test("a request without the token changes nothing", async () => {
  const service = await startService({ ADMIN_TOKEN: ADMIN });
  const ada = await service.join("ada", "daily");
  await service.get(`/api/sessions/${ada.hello.sessionId}`, { method: "DELETE" });
  await service.get("/api/rooms/daily", { method: "DELETE" });
  await expect(ada.request("getRoom")).resolves.toMatchObject({ room: { participants: [{ userId: "ada" }] } });
});

test.each(ADMIN_ROUTES)(
  "%s %s is open in development and test without a token, and not served in production",
  async (method, path) => {
    const open = await startService();
    expect([200, 404]).toContain((await open.get(path, { method })).status);
    const closed = await startService(PRODUCTION);
    for (const init of [{ method }, { method, ...bearer("anything") }, { method, ...bearer("") }]) {
      const response = await closed.get(path, init);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual(
        problem("not_found", 404, { detail: "There is no such route.", field: "path" }),
      );
    }
    const guarded = await startService({ ...PRODUCTION, ADMIN_TOKEN: ADMIN });
    expect((await guarded.get(path, { method })).status).toBe(401);
    expect((await guarded.get("/api/rooms", bearer(ADMIN))).status).toBe(200);
  },
);

test.each([{}, { ADMIN_TOKEN: ADMIN, METRICS_TOKEN }, PRODUCTION])(
  "health is open to everybody, whatever is protected: %o",
  async (env) => {
    const service = await startService(env);
    for (const path of OPEN_ROUTES) expect((await service.get(path)).status).toBe(200);
  },
);

test("metrics have a token of their own, and the admin's does not open them", async () => {
  const service = await startService({ ADMIN_TOKEN: ADMIN, METRICS_TOKEN });
  expect((await service.get("/metrics")).status).toBe(401);
  expect((await service.get("/metrics", bearer(ADMIN))).status).toBe(401);
  expect((await service.get("/api/rooms", bearer(METRICS_TOKEN))).status).toBe(401);
  const allowed = await service.get("/metrics", bearer(METRICS_TOKEN));
  expect(allowed.status).toBe(200);
  expect(await allowed.text()).toContain("lastseen_sessions");
  const open = await startService(PRODUCTION);
  expect((await open.get("/metrics")).status).toBe(200);
});

const ORIGIN = "http://localhost:3002";

test("an allowed origin may read answers and errors, another one may not", async () => {
  const service = await startService({ ADMIN_TOKEN: ADMIN });
  for (const path of ["/api/health", "/api/rooms", "/nowhere"]) {
    const allowed = await service.get(path, { headers: { origin: ORIGIN } });
    expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(allowed.headers.get("vary")?.toLowerCase()).toContain("origin");
    for (const origin of ["https://evil.example", "http://localhost:3003", "null"]) {
      const other = await service.get(path, { headers: { origin } });
      expect(other.headers.get("access-control-allow-origin")).toBeNull();
    }
  }
  expect((await service.get("/api/health")).headers.get("access-control-allow-origin")).toBeNull();
});

test("a preflight names methods and headers to allowed origins only, and needs no token", async () => {
  const service = await startService({ ADMIN_TOKEN: ADMIN });
  const ask = (origin: string) =>
    service.get("/api/sessions/x", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "DELETE",
        "access-control-request-headers": "authorization",
      },
    });
  const allowed = await ask(ORIGIN);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  expect(allowed.headers.get("access-control-allow-methods")).toContain("DELETE");
  expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
  expect((await ask("https://evil.example")).headers.get("access-control-allow-origin")).toBeNull();
});

test("without configured origins no origin may read anything", async () => {
  const service = await startService(PRODUCTION);
  const response = await service.get("/api/health", { headers: { origin: ORIGIN } });
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});
