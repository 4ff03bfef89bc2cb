import { describe, expect, it } from "vitest";
import { greet, joined, person, room, type Scene } from "./scenes.js";
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

describe("a call", () => {
  it("rings at the other side, is answered and ends, with one event for each step", async () => {
    const scene = await active();
    expect(scene.client.calls.current).toMatchObject({ ...CALL, state: "active", direction: "outgoing", peer: BOB });
    expect(scene.client.calls.current).not.toHaveProperty("expiresAt");
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    await tell(scene, "call_ended", { callId: "c1", reason: "hangup", durationMs: 5 });
    await tell(scene, "call_ended", { callId: "c1", reason: "hangup", durationMs: 5 });
    expect(scene.changes.map(({ call, reason }) => call?.state ?? reason)).toEqual(["ringing", "active", "hangup"]);
    expect(scene.client.calls.current).toBeUndefined();
  });

  it("does not count as unanswered when it was answered while the page stood still", async () => {
    const scene = await outgoing();
    await scene.browser.timers.sleep(33_000);
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    await scene.browser.timers.advance(60_000);
    expect(scene.client.calls.current?.state).toBe("active");
  });

  it("is ended at once when it was answered after the client had given it up", async () => {
    const scene = await outgoing();
    await scene.browser.timers.advance(33_000);
    expect(lastReason(scene)).toBe("timeout");
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    expect(scene.browser.socket.requests("endCall").map(({ data }) => data)).toEqual([{ callId: "c1" }]);
    expect(scene.client.calls.current).toBeUndefined();
  });

  it("goes on when it is answered before the reply to its start arrives", async () => {
    const scene = await telephone();
    const starting = scene.client.calls.start("bob", "audio");
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    expect(scene.browser.socket.requests("endCall")).toEqual([]);
    await scene.browser.socket.answer("startCall", STARTED);
    await starting;
    await tell(scene, "call_accepted", { callId: "c1", by: "bob", roomId: "call-c1" });
    expect(scene.client.calls.current?.state).toBe("active");
  });

  it("is accepted with its own id when it rings here, and then has its room", async () => {
    const scene = await incoming();
    expect(scene.client.calls.current).toMatchObject({ state: "ringing", direction: "incoming", peer: BOB });
    const accepting = scene.client.calls.accept();
    expect(scene.browser.socket.requests("acceptCall")[0]?.data).toEqual({ callId: "c1" });
    await scene.browser.socket.answer("acceptCall", { callId: "c1", roomId: "call-c1" });
    expect(await accepting).toMatchObject({ state: "active", roomId: "call-c1" });
  });

  it.each([
    ["declined", "call_declined", "outgoing"],
    ["callee_disconnected", "call_declined", "outgoing"],
    ["caller_cancelled", "call_cancelled", "incoming"],
    ["answered_elsewhere", "call_cancelled", "incoming"],
    ["declined_elsewhere", "call_cancelled", "incoming"],
    ["timeout", "call_cancelled", "incoming"],
  ])("is over as %s when %s says so", async (reason, type, direction) => {
    const scene = await (direction === "incoming" ? incoming() : outgoing());
    await tell(scene, type, { callId: "another", reason });
    expect(scene.client.calls.current?.state).toBe("ringing");
    await tell(scene, type, { callId: "c1", reason });
    expect(scene.client.calls.current).toBeUndefined();
    expect(lastReason(scene)).toBe(reason);
    expect(scene.changes.at(-1)?.previous).toMatchObject({ callId: "c1", direction });
  });

  it("stops ringing here when its time is up, even without an event of the service", async () => {
    const scene = await incoming();
    await scene.browser.timers.advance(29_999);
    expect(scene.client.calls.current?.state).toBe("ringing");
    await scene.browser.timers.advance(1);
    expect(lastReason(scene)).toBe("timeout");
  });

  it("that rings at the other side waits a little longer for the service's event", async () => {
    const scene = await outgoing();
    await scene.browser.timers.advance(30_000);
    expect(scene.client.calls.current?.state).toBe("ringing");
    await scene.browser.timers.advance(3_000);
    expect(lastReason(scene)).toBe("timeout");
  });

  it("leaves no timer when it is active", async () => {
    const before = (await telephone()).browser.timers.count;
    const scene = await active();
    expect(scene.browser.timers.count).toBe(before);
    await scene.browser.timers.advance(60_000);
    expect(scene.client.calls.current?.state).toBe("active");
  });

  it("is cancelled, declined or hung up here, depending on its state", async () => {
    for (const [scene, request, reason] of [
      [await outgoing(), "endCall", "cancelled"],
      [await incoming(), "endCall", "declined"],
      [await active(), "endCall", "hangup"],
    ] as const) {
      const ending = scene.client.calls.end();
      await scene.browser.socket.answer(request, {});
      await ending;
      expect(lastReason(scene)).toBe(reason);
    }
  });

  it("is over here when it is gone at the moment of accepting, and the client reports that", async () => {
    const scene = await incoming();
    const accepting = scene.client.calls.accept();
    await scene.browser.socket.refuse("acceptCall", "call_gone");
    await expect(accepting).rejects.toMatchObject({ code: "call_gone" });
    expect(lastReason(scene)).toBe("lost");
  });

  it("cannot be answered, declined or ended when there is none", async () => {
    const { client, browser } = await outgoing();
    await expect(client.calls.accept()).rejects.toMatchObject({ code: "call_gone" });
    await expect(client.calls.decline()).rejects.toMatchObject({ code: "call_gone" });
    expect(browser.socket.requests("acceptCall")).toEqual([]);
    await expect((await telephone()).client.calls.end()).rejects.toMatchObject({ code: "call_gone" });
  });

  it("may ring for somebody who is not connected, and tells whether a device could be reached", async () => {
    const scene = await telephone();
    const starting = scene.client.calls.start("bob", "audio", { ringOffline: true });
    await scene.browser.socket.answer("startCall", { ...STARTED, reachable: false });
    expect(await starting).toMatchObject({ ...CALL, state: "ringing", reachable: false });
    const [request] = scene.browser.socket.requests("startCall");
    expect(request).toMatchObject({ data: { to: "bob", kind: "audio", ringOffline: true } });
  });

  it("does not begin when the service refuses it", async () => {
    const scene = await telephone();
    const starting = scene.client.calls.start("bob", "video");
    await scene.browser.socket.refuse("startCall", "callee_busy");
    await expect(starting).rejects.toMatchObject({ code: "callee_busy" });
    expect(scene.changes).toEqual([]);
  });
});

describe("after a lost connection or a reload", () => {
  const snapshot = { ...CALL, state: "active", direction: "outgoing", peer: BOB, acceptedAt: 5 };

  it("the call goes on as the service knows it", async () => {
    const scene = await outgoing();
    await comeBack(scene, snapshot);
    expect(scene.client.calls.current).toEqual(snapshot);
    expect(scene.changes).toHaveLength(2);
    await comeBack(scene, snapshot);
    expect(scene.changes).toHaveLength(2);
  });

  it("a call is over when the service no longer knows it", async () => {
    const scene = await active();
    await comeBack(scene);
    expect(lastReason(scene)).toBe("lost");
  });

  it("a page that has just been loaded finds the call that its session is in", async () => {
    const scene = await telephone({ ...snapshot, state: "ringing", remainingMs: 10_000 });
    expect(scene.client.calls.current?.state).toBe("ringing");
    await scene.browser.timers.advance(13_000);
    expect(lastReason(scene)).toBe("timeout");
  });

  it("a client that takes over a session has the call of that session", async () => {
    const scene = await telephone();
    await tell(scene, "call_moved", { call: snapshot });
    expect(scene.client.calls.current).toEqual(snapshot);
  });

  it("a tab that takes over a session has the call of that session, and no other", async () => {
    const takeOver = async ({ client, browser }: Scene) => {
      const join = client.join("daily");
      await browser.socket.answer("join", joined(room(1, person("ann")), { transferred: true, sessionId: "s-old" }));
      await join;
    };
    const withCall = await outgoing();
    await tell(withCall, "call_moved", { call: { ...snapshot, callId: "c2" } });
    await takeOver(withCall);
    expect(withCall.client.calls.current?.callId).toBe("c2");
    const without = await outgoing();
    await takeOver(without);
    expect(without.client.calls.current).toBeUndefined();
    expect(lastReason(without)).toBe("lost");
  });

  it("a client that stops has no call", async () => {
    const scene = await active();
    await scene.browser.socket.closeWith(4409);
    expect(scene.client.calls.current).toBeUndefined();
    expect(scene.browser.timers.count).toBe(0);
  });
});

describe("statuses", () => {
  it("are known after the request for them, follow changes, and are requested again after a lost connection", async () => {
    const scene = await telephone();
    const { client, browser } = scene;
    const watching = client.calls.watch(["bob", "eve"]);
    await browser.socket.answer("watchStatus", {
      statuses: [
        { userId: "bob", status: "available" },
        { userId: "eve", status: "offline" },
      ],
    });
    expect(Object.fromEntries(await watching)).toEqual({ bob: "available", eve: "offline" });
    await tell(scene, "user_status", { userId: "bob", status: "busy" });
    expect(client.calls.statuses.get("bob")).toBe("busy");
    const unwatching = client.calls.unwatch(["eve"]);
    await browser.socket.answer("unwatchStatus", { statuses: [] });
    await unwatching;
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, {});
    expect(browser.socket.requests("watchStatus")[0]?.data).toEqual({ userIds: ["bob"] });
  });

  async function watchingBob(): Promise<Telephone> {
    const scene = await telephone();
    const watching = scene.client.calls.watch(["bob"]);
    await scene.browser.socket.answer("watchStatus", { statuses: [{ userId: "bob", status: "available" }] });
    await watching;
    return scene;
  }

  it("are requested until the service tells them when that failed after a lost connection", async () => {
    const { browser } = await watchingBob();
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, {});
    await browser.socket.refuse("watchStatus", "overloaded");
    await browser.timers.advance(5_000);
    expect(browser.socket.requests("watchStatus")).toHaveLength(2);
    await browser.socket.answer("watchStatus", { statuses: [{ userId: "bob", status: "busy" }] });
    await browser.timers.advance(20_000);
    expect(browser.socket.requests("watchStatus")).toHaveLength(2);
  });

  it.each(["stays", "has left again before it was in"])(
    "are asked for again by a tab that has taken over another one's session and %s",
    async (what) => {
      const { client, browser } = await watchingBob();
      const join = client.join("daily").catch(() => undefined);
      if (what !== "stays") void client.leave();
      await browser.socket.answer("join", joined(room(1, person("ann")), { transferred: true, sessionId: "s-old" }));
      await join;
      expect(browser.socket.requests("watchStatus").map(({ data }) => data)).toEqual([
        { userIds: ["bob"] },
        { userIds: ["bob"] },
      ]);
    },
  );
});
