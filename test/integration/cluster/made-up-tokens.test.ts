import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService } from "../../support/service.js";

describe.skipIf(noRedisReason)("a session that another node holds", () => {
  test("a made-up resume token tells nothing about whether there is such a session; the right one leads to its node", async ({
    onTestFinished,
  }) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const one = await startService({ REDIS_URL: redis.url, NODE_ID: "one", PUBLIC_URL: "http://one.example" });
    const two = await startService({ REDIS_URL: redis.url, NODE_ID: "two", PUBLIC_URL: "http://two.example" });
    const { sessionId, resumeToken } = (await one.join("ada", "Team standup")).hello;
    const refusal = async (user: string, resume: { sessionId: string; resumeToken: string }): Promise<unknown> => {
      const answer = await (await two.connect()).ask("hello", { user: { id: user }, tabId: "t", resume });
      return answer.ok ? "ok" : answer.error;
    };
    await expect.poll(() => refusal("ada", { sessionId, resumeToken })).toMatchObject({ code: "redirect" });
    const nowhere = await refusal("ada", { sessionId: randomUUID(), resumeToken: "made-up" });
    expect(nowhere).toMatchObject({ code: "session_gone" });
    const madeUp = ["made-up", resumeToken.slice(0, -1), `${resumeToken}x`, resumeToken.toUpperCase(), "\0"];
    for (const user of ["ada", "mallory"]) {
      for (const token of madeUp) expect(await refusal(user, { sessionId, resumeToken: token })).toEqual(nowhere);
    }
    expect(await refusal("ada", { sessionId: `${sessionId} `, resumeToken })).toEqual(nowhere);
  });
});
