import { describe, expect, test } from "vitest";
import { sdkClient } from "../../support/node-browser.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { BY, operatorOf, TOKEN } from "./operator.js";

const start = (env: Record<string, string> = {}) => startService({ ADMIN_TOKEN: TOKEN, ...env });
const BLOCKED = { ok: false, error: { code: "blocked", retryable: false } };
const helloOf = (userId: string, extra: object = {}) => ({ user: { id: userId }, tabId: "tab", ...extra });

async function refusedHello(service: TestService, userId: string, extra: object = {}): Promise<void> {
  const client = await service.connect();
  expect(await client.ask("hello", helloOf(userId, extra))).toMatchObject(BLOCKED);
  expect(await client.closed()).toBe(4403);
}

describe("a user who is blocked everywhere", () => {
  test("loses all sessions with the reason, and gets no new one; the others see that the user was removed", async () => {
    const service = await start();
    const operator = operatorOf(service);
    const ada = await service.join("ada", "daily");
    const phone = await service.hello("ada", { tabId: "phone" });
    const bob = await service.join("bob", "daily");
    const answer = await operator.block("ada");
    expect(answer.status).toBe(200);
    const block = (await answer.json()) as { expiresAt: number; blockedAt: number };
    expect(block).toMatchObject({ userId: "ada", roomId: null, by: BY });
    expect(block.expiresAt - block.blockedAt).toBe(60_000);
    for (const device of [ada, phone]) {
      expect(await device.closed()).toBe(4403);
      expect(device.events("error")).toMatchObject([{ code: "blocked", data: { expiresAt: block.expiresAt } }]);
    }
    expect(await bob.event("user_left")).toMatchObject({ userId: "ada", reason: "kicked" });
    await refusedHello(service, "ada");
    const { sessionId, resumeToken } = ada.hello;
    await refusedHello(service, "ada", { resume: { sessionId, resumeToken } });
    expect(service.app.registry.ofUser("ada")).toEqual([]);
    expect((await bob.request("getRoom")).room.participants).toHaveLength(1);
  });

  test("is told until when, in words and in a number", async () => {
    const service = await start();
    await operatorOf(service).block("ada");
    const client = await service.connect();
    const reply = await client.ask("hello", helloOf("ada"));
    if (reply.ok) throw new Error("not refused");
    const { expiresAt } = reply.error.data as { expiresAt: number };
    expect(reply.error.message).toContain(new Date(expiresAt).toISOString());
  });

  test("cannot resume a session whose connection is broken", async () => {
    const service = await start();
    const ada = await service.join("ada", "daily");
    ada.socket.terminate();
    await until(() => service.app.registry.ofUser("ada")[0]?.connection === undefined);
    await operatorOf(service).block("ada");
    expect(service.app.rooms.size).toBe(0);
    const { sessionId, resumeToken } = ada.hello;
    await refusedHello(service, "ada", { resume: { sessionId, resumeToken } });
  });

  test("comes in again when the time is over, and when the block is lifted", async () => {
    const service = await start();
    const operator = operatorOf(service);
    await operator.block("ada", { seconds: 1 });
    await refusedHello(service, "ada");
    await until(async () => (await operator.blocks()).length === 0);
    await service.join("ada", "daily");

    await operator.block("bob");
    await refusedHello(service, "bob");
    expect((await operator.unblock("bob")).status).toBe(204);
    await service.join("bob", "daily");
    expect((await operator.unblock("bob")).status).toBe(404);
  });

  test("loses the call", async () => {
    const service = await start();
    const [ada, bob] = [await service.hello("ada"), await service.hello("bob")];
    const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
    await bob.request("acceptCall", { callId });
    await operatorOf(service).block("ada");
    expect(await bob.event("call_ended")).toMatchObject({ callId, reason: "kicked" });
    expect(await bob.ask("startCall", { to: "ada", kind: "audio" })).toMatchObject({
      error: { code: "callee_offline" },
    });
  });
});

describe("a user who is blocked from a room", () => {
  test("leaves that room, cannot join it, and may go on elsewhere", async () => {
    const service = await start();
    const operator = operatorOf(service);
    const ada = await service.join("ada", "daily");
    const other = await service.hello("ada", { tabId: "other" });
    await other.request("join", { roomId: "weekly" });
    const bob = await service.join("bob", "daily");
    expect((await operator.block("ada", { seconds: 60, roomId: "daily" })).status).toBe(200);
    expect(await ada.event("room_closed")).toMatchObject({ roomId: "daily", reason: "blocked" });
    expect(await bob.event("user_left")).toMatchObject({ userId: "ada", reason: "kicked" });
    const refusal = await ada.ask("join", { roomId: "daily" });
    expect(refusal).toMatchObject({ ...BLOCKED, error: { data: { expiresAt: expect.any(Number) } } });
    expect(other.events("room_closed")).toEqual([]);
    await ada.request("join", { roomId: "monthly" });
    const later = await service.hello("ada", { tabId: "later" });
    expect(await later.ask("join", { roomId: "daily" })).toMatchObject(BLOCKED);
    expect((await operator.unblock("ada")).status).toBe(404);
    expect((await operator.unblock("ada", "daily")).status).toBe(204);
    await later.request("join", { roomId: "daily" });
  });

  test("cannot get there by taking over the place of another tab", async () => {
    const service = await start();
    const ada = await service.join("ada", "daily");
    const second = await service.hello("ada", { tabId: "second" });
    const blocking = operatorOf(service).block("ada", { seconds: 60, roomId: "daily" });
    await ada.event("room_closed");
    expect(await second.ask("join", { roomId: "daily" })).toMatchObject(BLOCKED);
    expect((await blocking).status).toBe(200);
    expect(service.app.rooms.size).toBe(0);
  });

  test("loses the call that the room belongs to, and cannot answer it", async () => {
    const service = await start();
    const operator = operatorOf(service);
    const [ada, bob] = [await service.hello("ada"), await service.hello("bob")];
    const { callId, roomId } = await ada.request("startCall", { to: "bob", kind: "audio" });
    await operator.block("bob", { seconds: 60, roomId });
    expect(await bob.ask("acceptCall", { callId })).toMatchObject(BLOCKED);
    await operator.unblock("bob", roomId);
    await bob.request("acceptCall", { callId });
    for (const client of [ada, bob]) await client.request("join", { roomId });
    await operator.block("bob", { seconds: 60, roomId });
    expect(await ada.event("call_ended")).toMatchObject({ callId, reason: "kicked" });
  });
});

describe("the API of blocks", () => {
  test("lists blocks with their ends and who asked for them, the one that ends first first, and by user and room", async () => {
    const service = await start();
    const operator = operatorOf(service);
    await operator.block("ada", { seconds: 300 });
    await operator.block("Ada Lovelace/ä", { seconds: 100, roomId: "Team standup" });
    await operator.block("ada", { seconds: 200, roomId: "daily" });
    const blocks = await operator.blocks();
    expect(blocks.map(({ userId, roomId }) => [userId, roomId])).toEqual([
      ["Ada Lovelace/ä", "Team standup"],
      ["ada", "daily"],
      ["ada", null],
    ]);
    expect(new Set(blocks.map(({ by }) => JSON.stringify(by)))).toEqual(new Set([JSON.stringify(BY)]));
    expect(await operator.blocks("?userId=ada")).toHaveLength(2);
    expect(await operator.blocks("?roomId=daily")).toHaveLength(1);
    expect((await operator.unblock("Ada Lovelace/ä", "Team standup")).status).toBe(204);
    expect(await operator.blocks()).toHaveLength(2);
  });

  test("refuses wrong values with the field, and blocks nobody", async () => {
    const service = await start();
    const operator = operatorOf(service);
    for (const seconds of [0, -1, 1.5, "60", 1e12, null]) {
      const answer = await operator.block("ada", { seconds });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(await answer.json())).toContain("seconds");
    }
    expect((await operator.block("ada", {})).status).toBe(400);
    expect((await operator.block("ada", { seconds: 60, roomId: " daily" })).status).toBe(400);
    expect((await operator.block("a\nb")).status).toBe(400);
    expect((await service.get("/api/blocks")).status).toBe(401);
    expect((await service.get("/api/users/ada/block", { method: "PUT" })).status).toBe(401);
    expect(await operator.blocks()).toEqual([]);
  });

  test("takes MAX_BLOCKS blocks, and says so about the next one; a block that lasts already can be changed", async () => {
    const service = await start({ MAX_BLOCKS: "2" });
    const operator = operatorOf(service);
    for (const userId of ["ada", "bob", "ada"]) expect((await operator.block(userId)).status).toBe(200);
    const refused = await operator.block("eve");
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      error: { code: "overloaded", message: expect.stringContaining("MAX_BLOCKS (2)") },
    });
    await service.join("eve", "daily");
  });

  test("log and timeline tell who blocked and who lifted, and a metric counts the blocks", async () => {
    const service = await start();
    const operator = operatorOf(service);
    const { sessionId } = (await service.join("ada", "daily")).hello;
    await operator.block("ada");
    const metrics = await (await service.get("/metrics")).text();
    expect(metrics).toMatch(/^lastseen_blocks 1$/m);
    await operator.unblock("ada");
    expect(service.log.find(({ msg }) => msg === "block set")).toMatchObject({ userId: "ada", by: BY });
    expect(service.log.find(({ msg }) => msg === "block lifted")).toMatchObject({ userId: "ada", by: BY });
    const steps = await operator.steps(sessionId);
    expect(steps.find(({ step }) => step === "user blocked")?.detail).toMatchObject({ by: BY });
    expect(steps.find(({ step }) => step === "session ended")?.detail).toMatchObject({ reason: "kicked", by: BY });
    expect(JSON.stringify(service.log)).not.toContain(TOKEN);
  });
});

describe("the SDK", () => {
  test("stops for good with the code blocked when its user is blocked, and at a hello of a blocked user", async () => {
    const service = await start();
    const ada = sdkClient({ url: service.http, user: { id: "ada" } });
    await ada.join("daily");
    const stopped = new Promise<object>((resolve) => {
      ada.on("state", (change) => change.state === "disconnected" && resolve(change));
    });
    await operatorOf(service).block("ada");
    const refusal = { code: "blocked", retryable: false, data: { stopped: "blocked", expiresAt: expect.any(Number) } };
    expect(await stopped).toMatchObject({ reason: "blocked", error: refusal });
    await expect(ada.join("daily")).rejects.toMatchObject(refusal);

    const again = sdkClient({ url: service.http, user: { id: "ada" } });
    const retries: unknown[] = [];
    again.on("retry", (retry) => retries.push(retry));
    await expect(again.join("daily")).rejects.toMatchObject(refusal);
    expect(again.state).toBe("disconnected");
    expect(retries).toEqual([]);
  });

  test("leaves a room that its user is blocked from, does not come back, and says why at the next join", async () => {
    const service = await start();
    const ada = sdkClient({ url: service.http, user: { id: "ada" } });
    await ada.join("daily");
    const left = new Promise<unknown>((resolve) => ada.on("left", resolve));
    await operatorOf(service).block("ada", { seconds: 60, roomId: "daily" });
    expect(await left).toMatchObject({ reason: "room_closed" });
    await expect(ada.join("daily")).rejects.toMatchObject({ code: "blocked", retryable: false });
    expect((await ada.join("weekly")).room.id).toBe("weekly");
  });
});
