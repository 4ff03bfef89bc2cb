import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { ADMIN_TOKEN } from "../../support/secrets.js";

const shown = (client: TestClient, userId: string) =>
  client
    .events("user_status")
    .filter((event) => event.userId === userId)
    .map(({ status }) => status);

test("the service tells a watcher the present status, and each change of it once", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "200" });
  const eve = await service.hello("eve");
  expect(await eve.request("watchStatus", { userIds: ["bob", "ada", "bob"] })).toEqual({
    statuses: [
      { userId: "bob", status: "offline" },
      { userId: "ada", status: "offline" },
    ],
  });
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  const laptop = await service.hello("bob", { tabId: "laptop" });
  const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
  await bob.request("acceptCall", { callId });
  await ada.request("endCall", { callId });
  await eve.event("user_status", ({ userId, status }) => userId === "bob" && status === "available");
  laptop.close(1001);
  await until(() => service.app.registry.ofUser("bob").length === 1);
  bob.close(1001);
  await eve.event("user_status", ({ userId, status }) => userId === "bob" && status === "offline");
  expect(shown(eve, "bob")).toEqual(["available", "busy", "available", "offline"]);
  expect(shown(eve, "ada")).toEqual(["available", "busy", "available"]);
});

test("the service tells no status to clients that do not watch, or watch no more", async () => {
  const service = await startService();
  const eve = await service.hello("eve");
  const fay = await service.hello("fay");
  await eve.request("watchStatus", { userIds: ["ada", "bob"] });
  await fay.request("watchStatus", { userIds: ["ada"] });
  expect(await eve.request("unwatchStatus", { userIds: ["ada", "nobody"] })).toEqual({
    statuses: [{ userId: "ada", status: "offline" }],
  });
  await service.hello("ada");
  await fay.event("user_status");
  await service.hello("bob");
  await eve.event("user_status", ({ userId }) => userId === "bob");
  expect(shown(eve, "ada")).toEqual([]);
  expect(fay.events("user_status")).toEqual([{ userId: "ada", status: "available" }]);
});

test("the number of users that a client may watch is limited", async () => {
  const service = await startService();
  const eve = await service.hello("eve");
  const users = (from: number) => Array.from({ length: 100 }, (_, n) => `user-${from + n}`);
  for (const from of [0, 100, 100]) await eve.request("watchStatus", { userIds: users(from) });
  expect(await eve.ask("watchStatus", { userIds: ["one-too-many"] })).toMatchObject({
    ok: false,
    error: { code: "rate_limited" },
  });
  expect(await eve.ask("watchStatus", { userIds: [...users(0), "one"] })).toMatchObject({
    error: { code: "bad_message" },
  });
  expect(await eve.ask("watchStatus", { userIds: [] })).toMatchObject({ error: { code: "bad_message" } });
  await eve.request("unwatchStatus", { userIds: users(0) });
  await eve.request("watchStatus", { userIds: ["one-too-many"] });
  expect(service.app.telephony.statuses.size).toBe(101);
  await eve.request("beforeDisconnect", {});
  await until(() => service.app.telephony.statuses.size === 0);
});

test("the status route tells whether a call could ring, and refuses an invalid user id", async () => {
  const service = await startService();
  await service.hello("ada");
  expect(await (await service.get("/api/users/ada/status")).json()).toEqual({ userId: "ada", status: "available" });
  expect(await (await service.get("/api/users/nobody/status")).json()).toEqual({ userId: "nobody", status: "offline" });
  expect((await service.get("/api/users/no%20body/status")).status).toBe(200);
  for (const wrong of ["nobody%20", "%00", "%E2%80%AE"]) {
    expect((await service.get(`/api/users/${wrong}/status`)).status).toBe(400);
  }
});

test("the status route is protected like all routes under /api", async () => {
  const service = await startService({ ADMIN_TOKEN });
  expect((await service.get("/api/users/ada/status")).status).toBe(401);
});
