import { describe, expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

const RING_MS = 30_000;
/** Tolerance of the remaining time: two clocks are compared. */
const CLOCKS_MS = 50;

/** The numbers of the service must agree with each other at any moment. */
async function health(service: TestService): Promise<{ busyUsers: number; activeCalls: number }> {
  return (await (await service.get("/api/health")).json()) as { busyUsers: number; activeCalls: number };
}

async function statusOf(service: TestService, userId: string): Promise<string> {
  const body = (await (await service.get(`/api/users/${userId}/status`)).json()) as { status: string };
  return body.status;
}

async function metric(service: TestService, line: string): Promise<number> {
  const text = await (await service.get("/metrics")).text();
  const found = text.split("\n").find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.split(" ").at(-1));
}

const outcome = (service: TestService, name: string) =>
  metric(service, `lastseen_calls_finished_total{outcome="${name}"}`);

/** Checks that nothing of any call is left in the service. */
async function expectIdle(service: TestService, ...userIds: string[]): Promise<void> {
  expect(await health(service)).toMatchObject({ busyUsers: 0, activeCalls: 0 });
  expect(await metric(service, 'lastseen_calls{state="ringing"}')).toBe(0);
  expect(await metric(service, 'lastseen_calls{state="active"}')).toBe(0);
  for (const userId of userIds) expect(await statusOf(service, userId)).not.toBe("busy");
}

async function ring(caller: TestClient, callee: TestClient, to: string): Promise<{ callId: string; roomId: string }> {
  const call = await caller.request("startCall", { to, kind: "audio" });
  await callee.event("incoming_call", ({ callId }) => callId === call.callId);
  return call;
}

async function talk(caller: TestClient, callee: TestClient, to: string): Promise<{ callId: string; roomId: string }> {
  const call = await ring(caller, callee, to);
  await callee.request("acceptCall", { callId: call.callId });
  await caller.event("call_accepted", ({ callId }) => callId === call.callId);
  return call;
}

/** Ada calls Bob. `begin` says how far the call gets. */
async function pair(begin: typeof ring, env: Record<string, string> = {}) {
  const service = await startService(env);
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  return { service, ada, bob, ...(await begin(ada, bob, "bob")) };
}

/** Ada calls Bob, and both his devices ring. */
async function ringTwoDevices(env: Record<string, string> = {}) {
  const service = await startService(env);
  const ada = await service.hello("ada");
  const phone = await service.hello("bob");
  const laptop = await service.hello("bob", { tabId: "laptop" });
  const { callId } = await ring(ada, phone, "bob");
  await laptop.event("incoming_call");
  return { service, ada, phone, laptop, callId };
}

const refusal = (code: string) => ({ ok: false, error: { code } });

describe("from ring to end", () => {
  test("a call rings, is accepted, both join its room, and one hangs up", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    const bob = await service.hello("bob");
    const before = Date.now();
    const call = await ada.request("startCall", { to: "bob", kind: "video" });
    expect(call).toEqual({
      callId: expect.any(String),
      roomId: `call-${call.callId}`,
      ringTimeoutMs: RING_MS,
      peer: { userId: "bob", name: "BOB" },
      reachable: true,
    });
    const incoming = await bob.event("incoming_call");
    expect(incoming).toMatchObject({ callId: call.callId, from: { userId: "ada", name: "ADA" }, kind: "video" });
    expect(incoming.expiresAt).toBeGreaterThanOrEqual(before + RING_MS - CLOCKS_MS);
    expect(incoming.expiresAt).toBeLessThanOrEqual(Date.now() + RING_MS + CLOCKS_MS);
    expect(await metric(service, 'lastseen_calls{state="ringing"}')).toBe(1);

    expect(await bob.request("acceptCall", { callId: call.callId })).toEqual({
      callId: call.callId,
      roomId: call.roomId,
    });
    expect(await ada.event("call_accepted")).toEqual({ callId: call.callId, by: "bob", roomId: call.roomId });
    expect(await health(service)).toMatchObject({ busyUsers: 2, activeCalls: 1 });
    expect(await statusOf(service, "ada")).toBe("busy");
    expect(await statusOf(service, "bob")).toBe("busy");
    for (const client of [ada, bob]) await client.request("join", { roomId: call.roomId });
    expect((await ada.request("getRoom")).room.participants).toHaveLength(2);

    await bob.request("endCall", { callId: call.callId });
    for (const client of [ada, bob]) {
      const ended = await client.event("call_ended");
      expect(ended).toMatchObject({ callId: call.callId, reason: "hangup" });
      expect(ended.durationMs).toBeLessThan(10_000);
    }
    expect(await outcome(service, "ended")).toBe(1);
    await expectIdle(service, "ada", "bob");
    expect(await statusOf(service, "ada")).toBe("available");
  });

  test("the service tells the caller and the callee's other devices that a call was declined", async () => {
    const { service, ada, phone, laptop, callId } = await ringTwoDevices();
    await phone.request("declineCall", { callId });
    expect(await ada.event("call_declined")).toEqual({ callId, reason: "declined" });
    expect(await laptop.event("call_cancelled")).toEqual({ callId, reason: "declined_elsewhere" });
    expect(phone.events("call_cancelled")).toEqual([]);
    expect(await outcome(service, "declined")).toBe(1);
    await expectIdle(service, "ada", "bob");
  });

  test("the device that answers gets the call, and the other one stops ringing at once", async () => {
    const { service, phone, laptop, callId } = await ringTwoDevices();
    await laptop.request("acceptCall", { callId });
    expect(await phone.event("call_cancelled")).toEqual({ callId, reason: "answered_elsewhere" });
    expect(await phone.ask("acceptCall", { callId })).toMatchObject(refusal("call_gone"));
    expect(await phone.ask("declineCall", { callId })).toMatchObject(refusal("call_gone"));
    expect(laptop.events("call_cancelled")).toEqual([]);
    phone.close();
    await phone.closed();
    expect(await statusOf(service, "bob")).toBe("busy");
  });

  test("a call that the caller cancels stops ringing on all devices", async () => {
    const { service, ada, bob, callId } = await pair(ring);
    await ada.request("cancelCall", { callId });
    expect(await bob.event("call_cancelled")).toEqual({ callId, reason: "caller_cancelled" });
    expect(await bob.ask("acceptCall", { callId })).toMatchObject(refusal("call_gone"));
    expect(await outcome(service, "cancelled")).toBe(1);
    await expectIdle(service, "ada", "bob");
  });

  test("an unanswered call times out; the service tells both sides, and nothing of the call is left", async () => {
    const { service, ada, bob, callId } = await pair(ring, { CALL_RING_TIMEOUT_MS: "300" });
    expect(await ada.event("call_timeout")).toEqual({ callId });
    expect(await bob.event("call_cancelled")).toEqual({ callId, reason: "timeout" });
    expect(await outcome(service, "timeout")).toBe(1);
    await expectIdle(service, "ada", "bob");
    await ring(bob, ada, "ada");
  });

  test("hanging up during the ring cancels the call for the caller and declines it for the callee", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    const bob = await service.hello("bob");
    const first = await ring(ada, bob, "bob");
    await ada.request("endCall", { callId: first.callId });
    expect(await bob.event("call_cancelled")).toMatchObject({ reason: "caller_cancelled" });
    const second = await ring(ada, bob, "bob");
    await bob.request("endCall", { callId: second.callId });
    expect(await ada.event("call_declined")).toEqual({ callId: second.callId, reason: "declined" });
  });
});

describe("the service refuses a call", () => {
  test("to a user who is not connected, or does not exist", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    expect(await ada.ask("startCall", { to: "nobody", kind: "audio" })).toMatchObject(refusal("callee_offline"));
    expect(await outcome(service, "offline")).toBe(1);
    expect(await statusOf(service, "nobody")).toBe("offline");
    await expectIdle(service, "ada");
  });

  test("to the caller", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    await service.hello("ada", { tabId: "second" });
    expect(await ada.ask("startCall", { to: "ada", kind: "audio" })).toMatchObject(refusal("bad_message"));
  });

  test("to the caller or callee of another call that rings or is active", async () => {
    const service = await startService();
    const [ada, bob, eve] = [await service.hello("ada"), await service.hello("bob"), await service.hello("eve")];
    const { callId } = await ring(ada, bob, "bob");
    expect(await eve.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject(refusal("callee_busy"));
    expect(await eve.ask("startCall", { to: "ada", kind: "audio" })).toMatchObject(refusal("callee_busy"));
    await bob.request("acceptCall", { callId });
    expect(await eve.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject(refusal("callee_busy"));
    expect(await ada.ask("startCall", { to: "eve", kind: "audio" })).toMatchObject(refusal("caller_busy"));
    expect(await bob.ask("startCall", { to: "eve", kind: "audio" })).toMatchObject(refusal("caller_busy"));
    expect(await outcome(service, "busy")).toBe(3);
    await ada.request("endCall", { callId });
    await ring(eve, bob, "bob");
  });

  test("when the caller has made thirty in a minute", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    for (let attempt = 0; attempt < 30; attempt += 1) {
      expect(await ada.ask("startCall", { to: "nobody", kind: "audio" })).toMatchObject(refusal("callee_offline"));
    }
    expect(await ada.ask("startCall", { to: "nobody", kind: "audio" })).toMatchObject(refusal("rate_limited"));
  });
});

describe("requests at the same moment", () => {
  test("two users who call each other are in one call", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    const bob = await service.hello("bob");
    const [first, second] = await Promise.all([
      ada.request("startCall", { to: "bob", kind: "audio" }),
      bob.request("startCall", { to: "ada", kind: "video" }),
    ]);
    expect(second).toMatchObject({ callId: first.callId, roomId: first.roomId });
    for (const client of [ada, bob]) {
      expect(await client.event("call_accepted")).toMatchObject({ callId: first.callId, roomId: first.roomId });
    }
    expect(await health(service)).toMatchObject({ busyUsers: 2, activeCalls: 1 });
    await ada.request("endCall", { callId: first.callId });
    await bob.event("call_ended");
    await expectIdle(service, "ada", "bob");
  });

  test("either accept or cancel wins, and both sides see the same", async () => {
    const service = await startService({ MAX_MESSAGES_PER_SECOND: "1000" });
    const seen = new Set<string>();
    for (let round = 0; round < 25; round += 1) {
      const ada = await service.hello(`ada-${round}`);
      const bob = await service.hello(`bob-${round}`);
      const { callId } = await ring(ada, bob, `bob-${round}`);
      const asks = [() => ada.ask("cancelCall", { callId }), () => bob.ask("acceptCall", { callId })];
      const [first, second] = round % 2 === 0 ? asks : asks.toReversed();
      const answers = await Promise.all([first?.(), second?.()]);
      expect(answers.filter((answer) => answer?.ok)).toHaveLength(1);
      expect(answers.filter((answer) => !answer?.ok)).toMatchObject([refusal("call_gone")]);
      const accepted = ada.events("call_accepted").length === 1;
      seen.add(accepted ? "accepted" : "cancelled");
      expect(bob.events("call_cancelled")).toHaveLength(accepted ? 0 : 1);
      if (accepted) await ada.request("endCall", { callId });
      await expectIdle(service);
    }
    expect([...seen].toSorted()).toEqual(["accepted", "cancelled"]);
  });

  test("when ten users call the same user, exactly one call rings", async () => {
    const service = await startService();
    const bob = await service.hello("bob");
    const callers = await Promise.all(Array.from({ length: 10 }, (_, n) => service.hello(`caller-${n}`)));
    const answers = await Promise.all(callers.map((caller) => caller.ask("startCall", { to: "bob", kind: "audio" })));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    await bob.event("incoming_call");
    await bob.request("getRoom").catch(() => undefined);
    expect(bob.events("incoming_call")).toHaveLength(1);
    expect(await outcome(service, "busy")).toBe(9);
  });
});

describe("when a user goes away or comes back", () => {
  const quick = { RELOAD_GRACE_MS: "300", RESUME_GRACE_MS: "300" };

  test("the callee's devices stop ringing when the caller is gone", async () => {
    const { service, ada, bob, callId } = await pair(ring, quick);
    ada.close(1001);
    expect(await bob.event("call_cancelled")).toEqual({ callId, reason: "caller_disconnected" });
    expect(await outcome(service, "disconnected")).toBe(1);
    await expectIdle(service, "ada", "bob");
  });

  test("the call is cancelled, for the devices and in the metrics, when the caller says goodbye during the ring", async () => {
    const { service, ada, bob, callId } = await pair(ring);
    await ada.request("beforeDisconnect", {});
    expect(await bob.event("call_cancelled")).toEqual({ callId, reason: "caller_cancelled" });
    expect(await outcome(service, "cancelled")).toBe(1);
    await expectIdle(service, "ada", "bob");
  });

  test("the service tells the caller when the callee's last device is gone during the ring", async () => {
    const { service, ada, phone, laptop, callId } = await ringTwoDevices(quick);
    phone.close(1001);
    await until(() => service.app.registry.ofUser("bob").length === 1);
    expect(await health(service)).toMatchObject({ busyUsers: 2 });
    laptop.close(1001);
    expect(await ada.event("call_declined")).toEqual({ callId, reason: "callee_disconnected" });
    await expectIdle(service, "ada", "bob");
    expect(await statusOf(service, "bob")).toBe("offline");
  });

  test.each(["ada", "bob"])(
    "the service tells the other user after the grace when %s is gone during the talk",
    async (leaver) => {
      const { service, ada, bob, callId, roomId } = await pair(talk, quick);
      for (const client of [ada, bob]) await client.request("join", { roomId });
      const [gone, left] = leaver === "ada" ? [ada, bob] : [bob, ada];
      gone.reset();
      expect(await left.event("call_ended")).toMatchObject({ callId, reason: "disconnected" });
      await expectIdle(service, "ada", "bob");
    },
  );

  test("a user who is back within the grace goes on talking, and the service tells them of the call", async () => {
    const { service, ada, bob, callId, roomId } = await pair(talk);
    const { sessionId, resumeToken } = ada.hello;
    ada.close(1001);
    await ada.closed();
    const again = await service.hello("ada", { resume: { sessionId, resumeToken } });
    expect(again.hello.call).toMatchObject({
      callId,
      roomId,
      state: "active",
      direction: "outgoing",
      peer: { userId: "bob", name: "BOB" },
    });
    expect(bob.events("call_ended")).toEqual([]);
    await again.request("endCall", { callId });
    expect(await bob.event("call_ended")).toMatchObject({ reason: "hangup" });
  });

  test("a user of either side who reloads during the ring sees it again", async () => {
    const { service, ada, bob, callId } = await pair(ring);
    for (const client of [ada, bob]) client.close(1001);
    await Promise.all([ada.closed(), bob.closed()]);
    const resume = ({ hello }: typeof ada) => ({ sessionId: hello.sessionId, resumeToken: hello.resumeToken });
    const adaAgain = await service.hello("ada", { resume: resume(ada) });
    const bobAgain = await service.hello("bob", { resume: resume(bob) });
    expect(adaAgain.hello.call).toMatchObject({ callId, state: "ringing", direction: "outgoing" });
    expect(bobAgain.hello.call).toMatchObject({ callId, state: "ringing", direction: "incoming" });
    await bobAgain.event("incoming_call");
    await bobAgain.request("acceptCall", { callId });
    await adaAgain.event("call_accepted");
  });

  test("a device that connects during the ring rings too", async () => {
    const { service, bob, callId } = await pair(ring);
    const late = await service.hello("bob", { tabId: "late" });
    expect(await late.event("incoming_call")).toMatchObject({ callId });
    expect(late.hello.call).toMatchObject({ callId, direction: "incoming" });
    await late.request("acceptCall", { callId });
    await bob.event("call_cancelled");
  });

  test("the other user sees the reason kicked when an operator kicks a user", async () => {
    const { service, ada, bob, callId } = await pair(talk);
    await service.get(`/api/sessions/${bob.hello.sessionId}`, { method: "DELETE" });
    expect(await ada.event("call_ended")).toMatchObject({ callId, reason: "kicked" });
    await expectIdle(service, "ada", "bob");
  });

  test("a goodbye hangs up", async () => {
    const { ada, bob, callId } = await pair(talk);
    await ada.request("beforeDisconnect", {});
    expect(await bob.event("call_ended")).toMatchObject({ callId, reason: "hangup" });
  });

  test("leaving the call's room hangs up, and the service tells so", async () => {
    const { service, ada, bob, callId, roomId } = await pair(talk);
    for (const client of [ada, bob]) await client.request("join", { roomId });
    await ada.request("leave");
    for (const client of [ada, bob])
      expect(await client.event("call_ended")).toMatchObject({ callId, reason: "hangup" });
    await expectIdle(service, "ada", "bob");
  });

  test("a service that stops tells the users of active calls", async () => {
    const service = await startService();
    const ada = await service.hello("ada");
    const bob = await service.hello("bob");
    await talk(ada, bob, "bob");
    await service.app.close();
    expect(await ada.closed()).toBe(1012);
    const warnings = service.log.filter(({ level, msg }) => level >= 40 && !msg.startsWith("the process stood still"));
    expect(warnings).toEqual([]);
  });
});

describe("the room of a call", () => {
  test("is open only to the two users, and only during the call", async () => {
    const service = await startService();
    const [ada, bob, eve] = [await service.hello("ada"), await service.hello("bob"), await service.hello("eve")];
    const { callId, roomId } = await ring(ada, bob, "bob");
    expect(await ada.ask("join", { roomId })).toMatchObject(refusal("call_gone"));
    await bob.request("acceptCall", { callId });
    expect(await eve.ask("join", { roomId })).toMatchObject(refusal("forbidden"));
    await ada.request("join", { roomId });
    await bob.request("join", { roomId });
    await ada.request("endCall", { callId });
    expect(await eve.ask("join", { roomId })).toMatchObject(refusal("call_gone"));
    await eve.request("join", { roomId: "call-centre" });
  });

  test("is open to another device of a user only by a transfer, and the call moves with it", async () => {
    const { service, ada, bob, callId, roomId } = await pair(talk);
    const tablet = await service.hello("ada", { tabId: "tablet" });
    expect(tablet.hello.call).toBeNull();
    expect(await tablet.ask("join", { roomId })).toMatchObject(refusal("forbidden"));
    for (const client of [ada, bob]) await client.request("join", { roomId });
    const joined = await tablet.request("join", { roomId });
    expect(joined).toMatchObject({ transferred: true, sessionId: ada.hello.sessionId });
    expect(await tablet.event("call_moved")).toMatchObject({
      call: { callId, state: "active", direction: "outgoing" },
    });
    expect(await ada.closed()).toBe(4409);
    expect(bob.events("call_ended")).toEqual([]);
    await tablet.request("endCall", { callId });
    expect(await bob.event("call_ended")).toMatchObject({ reason: "hangup" });
  });
});

describe("a stranger who knows a call's id", () => {
  test("can do nothing with it", async () => {
    const service = await startService();
    const [ada, bob, eve] = [await service.hello("ada"), await service.hello("bob"), await service.hello("eve")];
    const { callId } = await ring(ada, bob, "bob");
    for (const request of ["acceptCall", "declineCall", "cancelCall", "endCall"] as const) {
      expect(await eve.ask(request, { callId })).toMatchObject(refusal("call_gone"));
    }
    expect(await bob.ask("cancelCall", { callId })).toMatchObject(refusal("call_gone"));
    expect(await ada.ask("acceptCall", { callId })).toMatchObject(refusal("call_gone"));
    expect(await ada.ask("declineCall", { callId })).toMatchObject(refusal("call_gone"));
    await bob.request("acceptCall", { callId });
    expect(await eve.ask("endCall", { callId })).toMatchObject(refusal("call_gone"));
    expect(eve.frames.some(({ type }) => type?.startsWith("call") || type === "incoming_call")).toBe(false);
  });
});

test("the timelines of a call's sessions show each step of the call", async () => {
  const service = await startService();
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  const { callId } = await talk(ada, bob, "bob");
  await ada.request("endCall", { callId });
  const stepsOf = async ({ hello }: typeof ada) => {
    const body = await (await service.get(`/api/sessions/${hello.sessionId}/timeline`)).json();
    return (body as { entries: { step: string }[] }).entries
      .map(({ step }) => step)
      .filter((step) => step.startsWith("call"));
  };
  expect(await stepsOf(ada)).toEqual(["call started", "call accepted", "call over"]);
  expect(await stepsOf(bob)).toEqual(["call rings", "call accepted", "call over"]);
});
