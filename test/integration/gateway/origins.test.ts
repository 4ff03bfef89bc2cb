import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";

test("handshakes, CORS and the health check agree about every kind of origin", async () => {
  const service = await startService({
    CORS_ORIGIN: "https://*.example.com,capacitor://localhost,chrome-extension://abc,null",
    PUBLIC_URL: "https://node-1.calls.test/presence",
    SERVICE_URL: "https://calls.test",
  });
  const cases: [origin: string, allowed: boolean][] = [
    ["https://preview-7.example.com", true],
    ["capacitor://localhost", true],
    ["chrome-extension://abc", true],
    ["null", true],
    ["https://node-1.calls.test", true],
    ["https://calls.test", true],
    ["https://example.com", false],
    ["https://evilexample.com", false],
    ["ionic://localhost", false],
  ];
  for (const [origin, allowed] of cases) {
    const opened = TestClient.open(service.ws, { origin });
    if (allowed) (await opened).reset();
    else await expect(opened, origin).rejects.toThrow("403");
    const answer = await service.get("/api/health", { headers: { origin } });
    expect(answer.headers.get("access-control-allow-origin"), origin).toBe(allowed ? origin : null);
    const live = await service.get(`/health/live?origin=${encodeURIComponent(origin)}`);
    expect(await live.json(), origin).toMatchObject({ originAllowed: allowed });
  }
});
