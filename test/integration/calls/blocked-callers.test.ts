import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";
import type { Frame, TestClient } from "../../support/test-client.js";

const RING_MS = 700;
const RING = { CALL_RING_TIMEOUT_MS: String(RING_MS) };

const listOf = (service: TestService, userId: string, callerId = "", method = "GET") =>
  service.get(`/api/users/${encodeURIComponent(userId)}/blocked-callers${callerId && `/${callerId}`}`, { method });
const block = (service: TestService, userId: string, callerId: string) => listOf(service, userId, callerId, "PUT");

/** What the caller was sent, without what differs between two calls. */
function seen(frames: readonly Frame[], callId: string): string[] {
  return frames.map((frame) => JSON.stringify(frame).replaceAll(callId, "<call>"));
}

/** Ada calls Bob and watches him, and nobody answers. Returns what she was told, and after how long the ring ended. */
async function unansweredCall(caller: TestClient): Promise<{ told: string[]; tookMs: number }> {
  await caller.request("watchStatus", { userIds: ["bob"] });
  const from = caller.frames.length;
  const since = performance.now();
  const { callId } = await caller.request("startCall", { to: "bob", kind: "audio" });
  await caller.event("call_timeout", (event) => event.callId === callId);
  const tookMs = performance.now() - since;
  await caller.event("user_status", (event) => event.status === "available");
  const told = seen(caller.frames.slice(from), callId).map((frame) => frame.replace(/"id":\d+/, '"id":n'));
  return { told, tookMs };
}

describe("a caller whom the callee has blocked", () => {
  test("sees what others see when nobody answers; the callee's devices hear nothing and the callee is free", async () => {
    const service = await startService(RING);
    const bob = await service.hello("bob");
    const open = await unansweredCall(await service.hello("ada"));
    expect(bob.events("incoming_call")).toHaveLength(1);
    await bob.event("call_cancelled");
    const framesOfBob = bob.frames.length;

    expect((await block(service, "bob", "eve")).status).toBe(204);
    const blocked = await unansweredCall(await service.hello("eve"));
    expect(blocked.told).toEqual(open.told);
    expect(blocked.told.join()).toMatch(/"status":"busy".*"call_timeout".*"status":"available"/);
    expect(blocked.tookMs).toBeGreaterThanOrEqual(RING_MS - 5);
    expect(Math.abs(blocked.tookMs - open.tookMs)).toBeLessThan(RING_MS);
    expect(bob.frames.length).toBe(framesOfBob);
  });

  test("is busy while it rings and the callee is not: others call the callee, and the blocked one cancels", async () => {
    const service = await startService();
    const [bob, eve, ada] = [await service.hello("bob"), await service.hello("eve"), await service.hello("ada")];
    await block(service, "bob", "eve");
    const { callId, roomId } = await eve.request("startCall", { to: "bob", kind: "video" });
    expect(await ada.ask("startCall", { to: "eve", kind: "audio" })).toMatchObject({ error: { code: "callee_busy" } });
    expect(await eve.ask("startCall", { to: "ada", kind: "audio" })).toMatchObject({ error: { code: "caller_busy" } });
    expect(await eve.ask("join", { roomId })).toMatchObject({ error: { code: "call_gone" } });
    expect(await bob.ask("acceptCall", { callId })).toMatchObject({ error: { code: "call_gone" } });
    const health = (await (await service.get("/api/health")).json()) as { busyUsers: number };
    expect(health.busyUsers).toBe(1);

    const call = await ada.request("startCall", { to: "bob", kind: "audio" });
    await bob.event("incoming_call", (event) => event.callId === call.callId);
    await eve.request("cancelCall", { callId });
    await bob.request("acceptCall", { callId: call.callId });
    expect(bob.events("call_cancelled")).toEqual([]);
    expect(bob.events("incoming_call")).toHaveLength(1);
  });

  test("hears callee_offline and callee_busy as others do, and that the callee has gone while it rings", async () => {
    const service = await startService({ RELOAD_GRACE_MS: "200", RESUME_GRACE_MS: "200" });
    const eve = await service.hello("eve");
    await block(service, "bob", "eve");
    expect(await eve.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject({
      error: { code: "callee_offline" },
    });
    const bob = await service.hello("bob");
    await eve.request("startCall", { to: "bob", kind: "audio" });
    await bob.request("beforeDisconnect", {});
    expect(await eve.event("call_declined")).toMatchObject({ reason: "callee_disconnected" });
  });

  test("finds the ring again after a reload, and every tab of it shows the callee as busy", async () => {
    const service = await startService();
    await service.hello("bob");
    const eve = await service.hello("eve");
    const second = await service.hello("eve", { tabId: "second" });
    await block(service, "bob", "eve");
    const { callId } = await eve.request("startCall", { to: "bob", kind: "audio" });
    expect(await second.request("watchStatus", { userIds: ["bob"] })).toMatchObject({ statuses: [{ status: "busy" }] });
    eve.close(1001);
    await until(() => service.app.registry.find(eve.hello.sessionId)?.connection === undefined);
    const { sessionId, resumeToken } = eve.hello;
    const back = await service.hello("eve", { resume: { sessionId, resumeToken } });
    expect(back.hello.call).toMatchObject({ callId, state: "ringing", direction: "outgoing", peer: { userId: "bob" } });
    await back.request("cancelCall", { callId });
    await second.event("user_status", (event) => event.status === "available");
  });

  test("is listed by user, and rings again when it is taken from the list", async () => {
    const service = await startService();
    const [bob, eve] = [await service.hello("bob"), await service.hello("eve")];
    for (const callerId of ["eve", "ada"]) expect((await block(service, "bob", callerId)).status).toBe(204);
    expect(await (await listOf(service, "bob")).json()).toEqual({ callers: [{ userId: "ada" }, { userId: "eve" }] });
    expect(await (await listOf(service, "eve")).json()).toEqual({ callers: [] });
    expect((await listOf(service, "bob", "eve", "DELETE")).status).toBe(204);
    expect((await listOf(service, "bob", "eve", "DELETE")).status).toBe(404);
    await eve.request("startCall", { to: "bob", kind: "audio" });
    await bob.event("incoming_call");
  });

  test("is refused beyond MAX_BLOCKED_CALLERS, and the answer says so", async () => {
    const service = await startService({ MAX_BLOCKED_CALLERS: "1" });
    expect((await block(service, "bob", "eve")).status).toBe(204);
    const refused = await block(service, "ada", "eve");
    expect(refused.status).toBe(503);
    expect(JSON.stringify(await refused.json())).toContain("MAX_BLOCKED_CALLERS (1)");
  });
});

describe("the rate of rings", () => {
  test("of one callee is bounded for all callers together, and the next caller is told when to try again", async () => {
    const service = await startService({ MAX_RINGS_PER_USER: "3" });
    await service.hello("bob");
    await service.hello("joe");
    for (const userId of ["u1", "u2", "u3"]) {
      const caller = await service.hello(userId);
      const { callId } = await caller.request("startCall", { to: "bob", kind: "audio" });
      await caller.request("cancelCall", { callId });
    }
    const late = await service.hello("late");
    const refusal = await late.ask("startCall", { to: "bob", kind: "audio" });
    expect(refusal).toMatchObject({ error: { code: "rate_limited", retryable: true } });
    if (refusal.ok) throw new Error("not refused");
    const { retryAfterMs } = refusal.error.data as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    await late.request("startCall", { to: "joe", kind: "audio" });
  });
});

describe.skipIf(noRedisReason)("two nodes with one Redis", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  const node = (nodeId: string, env = {}) => startService({ REDIS_URL: redis.url, NODE_ID: nodeId, ...RING, ...env });

  test("a caller who is blocked at one node does not ring at the other, also after a restart; the rate counts on both", async () => {
    const [one, two] = [await node("one", { MAX_RINGS_PER_USER: "2" }), await node("two", { MAX_RINGS_PER_USER: "2" })];
    const bob = await one.hello("bob");
    await block(one, "bob", "eve");
    const eve = await two.hello("eve");
    await until(async () => (await (await two.get("/api/users/bob/status")).text()).includes("available"));
    const blocked = await unansweredCall(eve);
    expect(blocked.tookMs).toBeGreaterThanOrEqual(RING_MS - 5);
    expect(bob.events("incoming_call")).toEqual([]);

    const rung = async (service: TestService, userId: string) => {
      const caller = await service.hello(userId);
      const answer = await caller.ask("startCall", { to: "bob", kind: "audio" });
      if (!answer.ok) return answer.error.code;
      await caller.request("cancelCall", { callId: answer.data.callId });
      return "rang";
    };
    expect([await rung(one, "u1"), await rung(two, "u2"), await rung(one, "u3")]).toEqual([
      "rang",
      "rang",
      "rate_limited",
    ]);
    await two.close();
    const again = await node("two");
    expect(await (await listOf(again, "bob")).json()).toEqual({ callers: [{ userId: "eve" }] });
  });
});
