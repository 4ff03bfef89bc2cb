import Fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { healthRoutes, type HealthSource } from "../../../src/http/health-routes.js";
import { startService } from "../../support/service.js";
import { VERSION } from "../../../src/composition/version.js";

test("health counts users, sessions, ghosts and rooms as they are", async () => {
  const service = await startService({ NODE_ID: "node-7" });
  const health = async () => (await service.get("/api/health")).json();
  const nothing = { connectedUsers: 0, busyUsers: 0, activeCalls: 0, sessions: 0, ghosts: 0, rooms: 0 };
  expect(await health()).toEqual({
    status: "OK",
    version: VERSION,
    warnings: [],
    nodeId: "node-7",
    draining: false,
    uptimeSeconds: expect.any(Number),
    ...nothing,
    checks: { media: "off", redis: "off", webhook: "off" },
  });
  await service.connect();
  expect(await health()).toMatchObject(nothing);
  await service.join("ada", "daily");
  const tab = await service.join("ada", "weekly");
  await service.hello("bob");
  expect(await health()).toMatchObject({ connectedUsers: 2, sessions: 3, rooms: 2, ghosts: 0 });
  await tab.request("beforeDisconnect", {});
  expect(await health()).toMatchObject({ connectedUsers: 2, sessions: 2, rooms: 1 });
});

/** The health routes over parts whose state the test chooses. */
async function healthOf(checks: ReturnType<HealthSource["checks"]>, ready: boolean, draining: boolean) {
  const app = Fastify();
  onTestFinished(() => app.close());
  const counts = { connectedUsers: 1, busyUsers: 0, activeCalls: 0, sessions: 1, ghosts: 0, rooms: 0 };
  const source = {
    version: "1",
    nodeId: "n",
    counts: () => counts,
    checks: () => checks,
    warnings: () => [],
    isReady: () => ready,
    isOriginAllowed: () => true,
    isDraining: () => draining,
  };
  await app.register(healthRoutes(source));
  const ask = async (path: string) => {
    const response = await app.inject(path);
    return { code: response.statusCode, body: response.json<{ status: string; checks?: object }>() };
  };
  return { health: await ask("/api/health"), live: await ask("/health/live"), ready: await ask("/health/ready") };
}

test.each([
  ["ok", "ok", "ok", true, false, "OK", 200, []],
  ["off", "off", "off", true, false, "OK", 200, []],
  ["failing", "ok", "ok", true, false, "DEGRADED", 503, ["media"]],
  ["ok", "failing", "ok", true, false, "DEGRADED", 200, []],
  ["ok", "ok", "failing", true, false, "DEGRADED", 200, []],
  ["ok", "ok", "ok", false, false, "OK", 503, ["stopping"]],
  ["ok", "ok", "ok", false, true, "OK", 503, ["draining"]],
  ["failing", "ok", "ok", false, true, "DEGRADED", 503, ["draining", "media"]],
] as const)(
  "media %s, redis %s, webhook %s, ready %s, draining %s: %s, and readiness is answered %i because of %j",
  async (media, redis, webhook, isReady, draining, status, code, reasons) => {
    const checks = { media, redis, webhook };
    const { health, live, ready } = await healthOf(checks, isReady, draining);
    expect(health).toMatchObject({ code: 200, body: { status, draining, checks } });
    expect(live).toEqual({ code: 200, body: { status: "live", service: "lastseen", nodeId: "n" } });
    expect(ready).toEqual({
      code,
      body: { status: code === 200 ? "ready" : "not_ready", draining, reasons, checks },
    });
  },
);
