/** Requests about calls whose answer was lost. The service may have done them or not. */
import { describe, expect, it } from "vitest";
import { connected, greet } from "./scenes.js";
import {
  active,
  BOB,
  CALL,
  comeBack,
  incoming,
  lastReason,
  outgoing,
  STARTED,
  telephone,
  tell,
  type Telephone,
} from "./telephones.js";

const RINGING = { ...CALL, state: "ringing", direction: "outgoing", peer: BOB, expiresAt: 1, remainingMs: 20_000 };
const ACTIVE = { ...CALL, state: "active", direction: "outgoing", peer: BOB, acceptedAt: 5 };
const AT_BOB = { direction: "incoming" } as const;
const NO_ANSWER_MS = 10_000;

/** The ids of the calls of which the service was told on the newest connection that they are over. */
const ended = ({ browser }: Pick<Telephone, "browser">) =>
  browser.socket.requests("endCall").map(({ data }) => data["callId"]);

/** A call was begun, and the answer did not come in time. */
async function unansweredStart(): Promise<Telephone> {
  const scene = await telephone();
  const starting = scene.client.calls.start("bob", "audio");
  starting.catch(() => {});
  await scene.browser.timers.advance(NO_ANSWER_MS);
  await expect(starting).rejects.toMatchObject({ code: "timeout" });
  return scene;
}

/** A call was begun, and the connection was lost before the answer. */
async function lostStart(): Promise<Telephone> {
  const scene = await telephone();
  const starting = scene.client.calls.start("bob", "audio");
  starting.catch(() => {});
  await scene.browser.socket.closeWith(1006);
  await expect(starting).rejects.toMatchObject({ code: "disconnected" });
  return scene;
}

describe("an attempt to call that was given up", () => {
  it("is taken back as soon as the service says that it rings", async () => {
    const scene = await unansweredStart();
    await scene.browser.socket.answer("startCall", STARTED);
    expect(ended(scene)).toEqual(["c1"]);
    expect(scene.changes).toEqual([]);
  });

  it("is ended, once only, when the call was answered before the reply to the attempt came", async () => {
    const scene = await unansweredStart();
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    await scene.browser.socket.answer("startCall", STARTED);
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    expect(ended(scene)).toEqual(["c1"]);
    expect(scene.changes).toEqual([]);
  });

  it("is ended even while the next attempt waits for its reply", async () => {
    const scene = await unansweredStart();
    const [first] = scene.browser.socket.requests("startCall");
    scene.client.calls.start("eve", "audio").catch(() => {});
    await scene.browser.socket.receive({ id: first?.id, ok: true, data: STARTED });
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    expect(ended(scene)).toEqual(["c1"]);
    expect(scene.client.calls.current).toBeUndefined();
  });

  it("does not block the next attempt, which the service refuses as a second call", async () => {
    const scene = await unansweredStart();
    const { socket } = scene.browser;
    const [first] = socket.requests("startCall");
    const starting = scene.client.calls.start("eve", "audio");
    await socket.receive({ id: first?.id, ok: true, data: STARTED });
    await socket.refuse("startCall", "caller_busy");
    const asked = socket.sent.map((text) => (JSON.parse(text) as { type: string }).type);
    expect(asked.slice(-2)).toEqual(["endCall", "startCall"]);
    await socket.answer("startCall", { ...STARTED, callId: "c2" });
    await expect(starting).resolves.toMatchObject({ callId: "c2" });
  });

  it("is reported as over until the service has acknowledged it", async () => {
    const scene = await unansweredStart();
    await scene.browser.socket.answer("startCall", STARTED);
    await scene.browser.socket.refuse("endCall", "rate_limited", { retryable: true });
    await scene.browser.timers.advance(5_000);
    expect(ended(scene)).toEqual(["c1", "c1"]);
    await scene.browser.socket.answer("endCall", {});
    await scene.browser.timers.advance(20_000);
    expect(ended(scene)).toHaveLength(2);
  });

  it("needs no further request when the call did not start", async () => {
    const scene = await unansweredStart();
    await scene.browser.socket.refuse("startCall", "callee_busy");
    await scene.browser.timers.advance(20_000);
    expect(ended(scene)).toEqual([]);
  });

  it("keeps the call that it has answered when the two users had called each other", async () => {
    const scene = await unansweredStart();
    await tell(scene, "incoming_call", { ...CALL, from: BOB, expiresAt: 1, remainingMs: 30_000 });
    await scene.browser.socket.answer("startCall", STARTED);
    await tell(scene, "call_accepted", { callId: "c1", by: "ann", roomId: "call-c1" });
    expect(scene.client.calls.current?.state).toBe("active");
    expect(ended(scene)).toEqual([]);
  });

  it.each([
    ["rings", RINGING],
    ["was answered", ACTIVE],
    ["was a call of both", { ...ACTIVE, ...AT_BOB }],
  ])("with its connection is ended when the next hello tells that it %s", async (_how, call) => {
    const scene = await lostStart();
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, epoch: 2, call });
    expect(ended(scene)).toEqual(["c1"]);
    expect(scene.changes).toEqual([]);
  });

  it("is still ended when the connection with that message was lost too", async () => {
    const scene = await lostStart();
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, epoch: 2, call: RINGING });
    await comeBack(scene, RINGING);
    expect(ended(scene)).toEqual(["c1"]);
    await comeBack(scene);
    expect(ended(scene)).toEqual([]);
    expect(scene.changes).toEqual([]);
  });

  it("does not stop another incoming call from ringing", async () => {
    const scene = await lostStart();
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, epoch: 2, call: { ...RINGING, ...AT_BOB } });
    expect(scene.client.calls.current).toMatchObject({ state: "ringing", direction: "incoming" });
    expect(ended(scene)).toEqual([]);
  });
});

describe("a ring that nobody has answered in time", () => {
  it("is cancelled by the client, in case the service has not done so", async () => {
    const scene = await outgoing();
    await scene.browser.timers.advance(33_000);
    expect(lastReason(scene)).toBe("timeout");
    expect(ended(scene)).toEqual(["c1"]);
  });

  it("stays over when it was answered while there was no connection to tell it", async () => {
    const scene = await outgoing();
    await scene.browser.socket.closeWith(1006);
    await scene.browser.timers.advance(40_000);
    expect(lastReason(scene)).toBe("timeout");
    await scene.browser.page.signal({ kind: "wake", cause: "focus" });
    await greet(scene.browser, { resumed: true, epoch: 2, call: ACTIVE });
    expect(scene.client.calls.current).toBeUndefined();
    expect(ended(scene)).toEqual(["c1"]);
  });
});

describe("an answer that was lost", () => {
  it("counts when it was lost with its connection and the service has the call as answered", async () => {
    const scene = await incoming();
    const accepting = scene.client.calls.accept();
    await comeBack(scene, { ...ACTIVE, ...AT_BOB });
    await expect(accepting).resolves.toMatchObject({ callId: "c1", state: "active" });
    expect(scene.browser.socket.requests("acceptCall")).toEqual([]);
  });

  it("is sent once more when it was lost with its connection and the call still rings", async () => {
    const scene = await incoming();
    const accepting = scene.client.calls.accept();
    await comeBack(scene, { ...RINGING, ...AT_BOB });
    await scene.browser.socket.answer("acceptCall", { callId: "c1", roomId: "call-c1" });
    await expect(accepting).resolves.toMatchObject({ state: "active" });
  });

  it.each(["is over there", "ended while there was no connection"])("fails when the ring %s", async (how) => {
    const scene = await incoming();
    const accepting = scene.client.calls.accept();
    accepting.catch(() => {});
    if (how === "is over there") await comeBack(scene);
    else {
      await scene.browser.socket.closeWith(1006);
      await scene.browser.timers.advance(30_000);
    }
    await expect(accepting).rejects.toMatchObject({ code: "call_gone" });
  });

  it("is sent once more when it did not come in time", async () => {
    const scene = await incoming();
    const accepting = scene.client.calls.accept();
    await scene.browser.timers.advance(NO_ANSWER_MS);
    expect(scene.browser.socket.requests("acceptCall")).toHaveLength(2);
    await scene.browser.socket.answer("acceptCall", { callId: "c1", roomId: "call-c1" });
    await expect(accepting).resolves.toMatchObject({ state: "active" });
  });

  it("ends the call when it comes after the ring is over here, whatever else is under way", async () => {
    const scene = await incoming();
    await scene.browser.timers.advance(25_000);
    scene.client.calls.accept().catch(() => {});
    await scene.browser.timers.advance(5_000);
    expect(lastReason(scene)).toBe("timeout");
    scene.client.calls.start("eve", "audio").catch(() => {});
    await scene.browser.socket.answer("acceptCall", { callId: "c1", roomId: "call-c1" });
    expect(ended(scene)).toEqual(["c1"]);
  });

  it("still lets the caller learn that the call was declined in the end", async () => {
    const scene = await incoming();
    scene.client.calls.accept().catch(() => {});
    const declining = scene.client.calls.decline();
    await tell(scene, "call_accepted", { callId: "c1", by: "ann", roomId: "call-c1" });
    expect(ended(scene)).toEqual(["c1"]);
    await scene.browser.socket.answer("endCall", {});
    await declining;
    expect(scene.client.calls.current).toBeUndefined();
  });
});

describe("the end of a call", () => {
  it.each([
    ["hung up", active, "hangup"],
    ["taken back", outgoing, "cancelled"],
    ["declined", incoming, "declined"],
  ] as const)(
    "that was %s without a connection is an end, of which the service is told later",
    async (_how, begin, reason) => {
      const scene = await begin();
      await scene.browser.socket.closeWith(1006);
      await scene.client.calls.end();
      expect(lastReason(scene)).toBe(reason);
      await scene.browser.timers.advance(1_000);
      const call = { ...(reason === "hangup" ? ACTIVE : RINGING), ...(reason === "declined" && AT_BOB) };
      await greet(scene.browser, { resumed: true, epoch: 2, call });
      expect(ended(scene)).toEqual(["c1"]);
      expect(scene.client.calls.current).toBeUndefined();
    },
  );

  it("is an end even when the reply was lost with the connection or did not come in time", async () => {
    const lost = await active();
    const ending = lost.client.calls.end();
    await lost.browser.socket.closeWith(1006);
    await expect(ending).resolves.toBeUndefined();
    expect(lastReason(lost)).toBe("hangup");

    const late = await incoming();
    const declining = late.client.calls.decline();
    await late.browser.timers.advance(NO_ANSWER_MS);
    await expect(declining).resolves.toBeUndefined();
    expect(lastReason(late)).toBe("declined");
  });

  it("stays an end when an older ring arrives after it", async () => {
    const scene = await incoming();
    await scene.browser.socket.closeWith(1006);
    await scene.client.calls.decline();
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, epoch: 2, call: { ...RINGING, ...AT_BOB } });
    await tell(scene, "incoming_call", { ...CALL, from: BOB, expiresAt: 1, remainingMs: 20_000 });
    expect(scene.client.calls.current).toBeUndefined();
  });

  it("does not end the call when the service refuses it for the moment, and can be repeated", async () => {
    const scene = await incoming();
    const declining = scene.client.calls.decline();
    await scene.browser.socket.refuse("endCall", "overloaded", { retryable: true });
    await expect(declining).rejects.toMatchObject({ code: "overloaded" });
    expect(scene.client.calls.current?.state).toBe("ringing");
  });

  it("leaves no timer when the client stops before it could tell the service", async () => {
    const scene = await unansweredStart();
    await scene.browser.socket.answer("startCall", STARTED);
    await scene.browser.socket.refuse("endCall", "rate_limited", { retryable: true });
    await scene.browser.socket.closeWith(4403);
    expect(scene.browser.timers.count).toBe(0);
  });
});

describe("watching statuses", () => {
  const statuses = (...userIds: string[]) => ({ statuses: userIds.map((userId) => ({ userId, status: "available" })) });

  it("waits for a connection when there is none", async () => {
    const { client, browser } = await connected();
    await browser.socket.closeWith(1006);
    await expect(client.calls.watch(["bob"])).resolves.toBeDefined();
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, epoch: 2 });
    await browser.socket.answer("watchStatus", statuses("bob"));
    expect(client.calls.statuses.get("bob")).toBe("available");
  });

  it("is asked for again when the answer did not come in time", async () => {
    const { client, browser } = await connected();
    const watching = client.calls.watch(["bob"]);
    await browser.timers.advance(NO_ANSWER_MS);
    await watching;
    await browser.timers.advance(5_000);
    expect(browser.socket.requests("watchStatus")).toHaveLength(2);
  });

  it("that the service refuses is forgotten", async () => {
    const { client, browser } = await connected();
    const watching = client.calls.watch(["bob"]);
    await browser.socket.refuse("watchStatus", "rate_limited", { retryable: true });
    await expect(watching).rejects.toMatchObject({ code: "rate_limited" });
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, epoch: 2 });
    expect(browser.socket.requests("watchStatus")).toEqual([]);
  });

  it("uses several requests for more users than one request may name", async () => {
    const { client, browser } = await connected();
    const userIds = Array.from({ length: 150 }, (_, index) => `u${index}`);
    const watching = client.calls.watch(userIds);
    await browser.socket.answer("watchStatus", statuses(...userIds.slice(0, 100)));
    await browser.socket.answer("watchStatus", statuses(...userIds.slice(100)));
    expect((await watching).size).toBe(150);
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, epoch: 2 });
    await browser.socket.answer("watchStatus", statuses(...userIds.slice(0, 100)));
    const sent = browser.socket.requests("watchStatus").map(({ data }) => (data["userIds"] as string[]).length);
    expect(sent).toEqual([100, 50]);
  });

  it("ends at once for users that are not wanted any more, even if the service still reports about them", async () => {
    const { client, browser } = await connected();
    const watching = client.calls.watch(["bob", "eve"]);
    await browser.socket.answer("watchStatus", statuses("bob", "eve"));
    await watching;
    const unwatching = client.calls.unwatch(["bob"]);
    await browser.socket.receive({ type: "user_status", data: { userId: "bob", status: "busy" } });
    expect([...client.calls.statuses.keys()]).toEqual(["eve"]);
    await browser.socket.closeWith(1006);
    await expect(unwatching).resolves.toBeUndefined();
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, epoch: 2 });
    expect(browser.socket.requests("unwatchStatus")[0]?.data).toEqual({ userIds: ["bob"] });
    expect(browser.socket.requests("watchStatus")[0]?.data).toEqual({ userIds: ["eve"] });
  });
});
