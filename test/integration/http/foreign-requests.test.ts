import { expect, test } from "vitest";
import { pageRequest } from "../../support/page-request.js";
import { startService, type TestService } from "../../support/service.js";
import { application, registerLastseen } from "../plugin/application.js";
import { ADMIN_TOKEN } from "../../support/secrets.js";

const TEXT = { "content-type": "text/plain" };
const FOREIGN = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
const REBOUND = { host: "evil.example:3001", "sec-fetch-site": "same-origin" };

async function refusals(service: TestService): Promise<number> {
  const metrics = await (await service.get("/metrics")).text();
  return Number(/lastseen_refused_total\{why="foreign"\} (\d+)/.exec(metrics)?.[1]);
}

test.each([
  ["POST", "/api/cleanup"],
  ["DELETE", "/api/rooms/daily"],
  ["GET", "/api/rooms"],
  ["GET", "/api/sessions"],
  ["GET", "/api/settings"],
])("without ADMIN_TOKEN a foreign page gets nothing from %s %s", async (method, path) => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  for (const [headers, header] of [
    [FOREIGN, "Origin"],
    [REBOUND, "Host"],
  ] as const) {
    const answer = await pageRequest(service.port, path, { method, headers: { ...TEXT, ...headers } });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { code: "forbidden", message: expect.stringContaining(`The header ${header} has`) },
    });
    expect(answer.body).not.toContain("ada");
  }
  expect(service.log.filter(({ msg }) => msg === "sweep" || msg === "admin action")).toEqual([]);
  await expect(ada.ask("getRoom")).resolves.toMatchObject({ ok: true });
  expect(await refusals(service)).toBe(2);
  expect(service.log.filter(({ msg }) => msg === "turned away")).toMatchObject([{ why: "foreign" }]);
});

test("the pages of the service, and programs without a browser's headers, go on using the open API", async () => {
  const service = await startService();
  const { sessionId } = (await service.join("ada", "daily")).hello;
  const host = `localhost:${service.port}`;
  const ops = { host, origin: `http://${host}`, "sec-fetch-site": "same-origin" };
  const demo = { host, origin: "http://localhost:3002", "sec-fetch-site": "same-site" };
  const asked = [
    await pageRequest(service.port, "/api/rooms", { headers: { host, "sec-fetch-site": "same-origin" } }),
    await pageRequest(service.port, "/api/cleanup", { method: "POST", headers: ops }),
    await pageRequest(service.port, "/api/rooms"),
    await pageRequest(service.port, `/api/sessions/${sessionId}`, { method: "DELETE", headers: demo }),
  ];
  expect(asked.map(({ status }) => status)).toEqual([200, 200, 200, 204]);
});

test("a foreign page still reaches the goodbye, the health and the metrics", async () => {
  const service = await startService();
  const { sessionId, resumeToken } = (await service.join("ada", "daily")).hello;
  const body = JSON.stringify({ sessionId, resumeToken });
  const headers = { ...TEXT, ...FOREIGN, host: "lastseen:3001" };
  const asked = [
    await pageRequest(service.port, "/api/sessions/leave", { method: "POST", headers, body }),
    await pageRequest(service.port, "/api/health", { headers }),
    await pageRequest(service.port, "/health/live", { headers }),
    await pageRequest(service.port, "/metrics", { headers }),
  ];
  expect(asked.map(({ status }) => status)).toEqual([204, 200, 200, 200]);
});

test("with ADMIN_TOKEN the token alone decides", async () => {
  const service = await startService({ ADMIN_TOKEN });
  for (const headers of [FOREIGN, REBOUND]) {
    expect((await pageRequest(service.port, "/api/rooms", { headers })).status).toBe(401);
    const authorization = `Bearer ${ADMIN_TOKEN}`;
    expect((await pageRequest(service.port, "/api/rooms", { headers: { ...headers, authorization } })).status).toBe(
      200,
    );
  }
});

test("PUBLIC_URL and CORS_ORIGIN name further hosts and pages, but null and * name nobody", async () => {
  const service = await startService({
    PUBLIC_URL: "http://dev.example:3001",
    CORS_ORIGIN: "https://app.example,null",
  });
  const ask = async (headers: Record<string, string>) =>
    (await pageRequest(service.port, "/api/rooms", { headers })).status;
  expect(await ask({ host: "dev.example:3001" })).toBe(200);
  expect(await ask({ host: "dev.example:3001", origin: "https://app.example", "sec-fetch-site": "cross-site" })).toBe(
    200,
  );
  expect(await ask({ host: "dev.example:3001", origin: "null", "sec-fetch-site": "cross-site" })).toBe(403);
});

test("the plugin refuses them on its own routes and leaves the application's alone", async () => {
  const { app, listen } = application();
  app.get("/mine", () => "mine");
  await registerLastseen(app, { prefix: "/presence" });
  const { port } = await listen();
  for (const headers of [FOREIGN, REBOUND]) {
    expect((await pageRequest(port, "/presence/api/rooms", { headers })).status).toBe(403);
    expect((await pageRequest(port, "/presence/api/health", { headers })).status).toBe(200);
    expect((await pageRequest(port, "/mine", { headers })).status).toBe(200);
  }
  expect((await pageRequest(port, "/presence/api/rooms")).status).toBe(200);
});
