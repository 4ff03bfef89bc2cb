import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { goodToken, SECRET } from "../gateway/tokens.js";

const serviceWithTokens = async () => {
  const service = await startService({ AUTH_MODE: "jwt", JWT_SECRET: SECRET });
  const hello = async (userId: string, claims: object, more: object = {}) => {
    const client = await service.connect();
    const token = goodToken(userId, claims);
    return Object.assign(client, { hello: await client.request("hello", { tabId: userId, token, ...more }) });
  };
  return { service, hello };
};

const codeOf = (answer: Awaited<ReturnType<TestClient["ask"]>>) => (answer.ok ? "ok" : answer.error.code);

test.each([
  ["no claim", {}, "ok"],
  ["calls: true", { calls: true }, "ok"],
  ["calls: false", { calls: false }, "forbidden"],
  ["rooms", { rooms: ["daily"] }, "forbidden"],
  ["rooms and calls: true", { rooms: ["daily"], calls: true }, "ok"],
])("a user whose token has %s may call and watch others only if the token allows it", async (_what, claims, code) => {
  const { hello } = await serviceWithTokens();
  const bob = await hello("bob", {});
  const ada = await hello("ada", claims);
  expect(codeOf(await ada.ask("watchStatus", { userIds: ["bob"] }))).toBe(code);
  const answer = await ada.ask("startCall", { to: "bob", kind: "audio" });
  expect(codeOf(answer)).toBe(code);
  if (!answer.ok) expect(answer.error.message).toContain("calls");
  if (code === "ok") await bob.event("incoming_call");
  else expect(bob.events("incoming_call")).toEqual([]);
});

test("a user who may not call can be called and can answer", async () => {
  const { hello } = await serviceWithTokens();
  const ada = await hello("ada", {});
  const guest = await hello("guest", { rooms: ["daily"] });
  const { callId } = await ada.request("startCall", { to: "guest", kind: "audio" });
  await guest.event("incoming_call");
  await guest.request("acceptCall", { callId });
  await ada.event("call_accepted");
});

test("a resume with a token that allows no calls ends the watching of statuses", async () => {
  const { service, hello } = await serviceWithTokens();
  const before = await hello("ada", {});
  await before.request("watchStatus", { userIds: ["bob"] });
  expect(service.app.telephony.statuses.size).toBe(1);
  const { sessionId, resumeToken } = before.hello;
  const after = await hello("ada", { calls: false }, { resume: { sessionId, resumeToken } });
  expect(service.app.telephony.statuses.size).toBe(0);
  expect(codeOf(await after.ask("startCall", { to: "bob", kind: "audio" }))).toBe("forbidden");
});
