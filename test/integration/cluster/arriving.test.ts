import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";

const SESSIONS = "lastseen:{all}:sessions";

test.skipIf(noRedisReason)(
  "a client that comes back before the node has adopted its session is told to try again, and only if it has the token",
  async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const port = String(await freePort());
    const env = { PORT: port, NODE_ID: "node-1", PUBLIC_URL: `http://127.0.0.1:${port}`, REDIS_URL: redis.url };
    const service = await startService(env);
    const ada = await service.hello("ada");
    const { sessionId, resumeToken } = ada.hello;
    await until(async () => (await redis.cli("HEXISTS", SESSIONS, sessionId)) === "1");
    const entry = await redis.cli("HGET", SESSIONS, sessionId);
    await ada.request("beforeDisconnect", {});
    await until(async () => (await redis.cli("HEXISTS", SESSIONS, sessionId)) === "0");
    // As the store says it while another node hands the session over to this one.
    await redis.cli("HSET", SESSIONS, sessionId, entry.replace(/^\d+/, "1700000000000"));

    const comeBack = async (token: string) => {
      const client = await service.connect();
      return client.ask("hello", { user: { id: "ada" }, tabId: "t", resume: { sessionId, resumeToken: token } });
    };
    expect(await comeBack(resumeToken)).toMatchObject({
      ok: false,
      error: { code: "overloaded", retryable: true, data: { retryAfterMs: expect.any(Number) as number } },
    });
    expect(await comeBack("wrong")).toMatchObject({ ok: false, error: { code: "session_gone" } });
  },
);
