/** Requests about a room whose answer was lost (the service may have done them or not), and requests refused for a moment. */
import { describe, expect, it } from "vitest";
import { FakeBrowser, settle } from "./fake-browser.js";
import { connected, connecting, greet, inRoom, joined, payloads, person, room } from "./scenes.js";

const NO_ANSWER_MS = 10_000;

/** The session was lost. The client is going back into its room and waits for the answer to its join. */
async function rejoining() {
  const scene = await inRoom();
  await scene.browser.socket.closeWith(4410);
  await scene.browser.timers.advance(1_000);
  await greet(scene.browser, { sessionId: "s-new" });
  return scene;
}

const inAgain = () => joined(room(9, person("ann", { sessionId: "s-new" })), { sessionId: "s-new" });

describe("a join whose answer comes too late", () => {
  it("is undone at once when the page no longer waits for it", async () => {
    const { browser, client } = await connected();
    const join = client.join("daily");
    join.catch(() => {});
    await browser.timers.advance(NO_ANSWER_MS);
    await expect(join).rejects.toMatchObject({ code: "timeout" });
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    expect(browser.socket.requests("leave")).toHaveLength(1);
    expect(client.room).toBeUndefined();
  });

  it("still brings another tab's session, which the client resumes later", async () => {
    const { browser, client } = await connected();
    client.join("daily").catch(() => {});
    await browser.timers.advance(NO_ANSWER_MS);
    const theirs = { transferred: true, sessionId: "s-old", epoch: 7, resumeToken: "theirs" };
    await browser.socket.answer("join", joined(room(4, person("ann", { sessionId: "s-old" })), theirs));
    expect(client.session).toMatchObject({ sessionId: "s-old", epoch: 7 });
    expect(browser.storage.get("lastseen")).toContain("theirs");
  });

  it("counts for a client that rejoins by itself", async () => {
    const scene = await rejoining();
    await scene.browser.timers.advance(NO_ANSWER_MS);
    await scene.browser.socket.answer("join", inAgain());
    expect(payloads(scene, "joined").at(-1)).toMatchObject({ how: "rejoined" });
    await scene.browser.timers.advance(20_000);
    expect(scene.browser.socket.requests("join")).toHaveLength(1);
  });

  it("does not remove a client that has repeated the join", async () => {
    const scene = await rejoining();
    const { socket } = scene.browser;
    await scene.browser.timers.advance(20_000);
    const [first, second] = socket.requests("join");
    await socket.receive({ id: first?.id, ok: true, data: inAgain() });
    const error = { code: "already_joined", message: "", retryable: false };
    await socket.receive({ id: second?.id, ok: false, error });
    expect(scene.client.room?.version).toBe(9);
    expect(payloads(scene, "left")).toEqual([]);
  });
});

describe("a move from one room to another", () => {
  it("goes on when the room that the client leaves is closed", async () => {
    const scene = await inRoom();
    const join = scene.client.join("other");
    join.catch(() => {});
    await scene.browser.socket.receive({
      type: "room_closed",
      data: { roomId: "daily", version: 2, reason: "closed_by_operator" },
    });
    await scene.browser.socket.refuse("leave", "not_joined");
    await scene.browser.socket.answer("join", joined({ ...room(1, person("ann")), id: "other" }));
    await expect(join).resolves.toMatchObject({ room: { id: "other" } });
  });
});

describe("an expired token", () => {
  const getToken = () => "t";

  it("is replaced before it makes a join fail", async () => {
    const scene = await connected({ getToken });
    const { browser } = scene;
    const join = scene.client.join("daily");
    await settle();
    await browser.socket.refuse("join", "unauthorized");
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "reconnecting", reason: "unauthorized" });
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, epoch: 2 });
    await browser.socket.answer("join", joined(room(1, person("ann"))));
    await expect(join).resolves.toMatchObject({ how: "joined" });
    expect(browser.sockets).toHaveLength(2);
  });

  it("does not remove a client that rejoins its room by itself", async () => {
    const scene = await inRoom([], { getToken });
    await scene.browser.socket.closeWith(4410);
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { sessionId: "s-new" });
    await scene.browser.socket.refuse("join", "unauthorized");
    expect(payloads(scene, "left")).toEqual([]);
  });

  it("does not lose what the page has set", async () => {
    const { browser, client } = await inRoom([], { getToken });
    const setting = client.setMetadata({ hand: true });
    await browser.socket.refuse("setMetadata", "unauthorized");
    await expect(setting).resolves.toBeUndefined();
  });
});

describe("metadata", () => {
  it("does not prevent the next join when the service has refused it", async () => {
    const scene = await inRoom();
    const setting = scene.client.setMetadata({ far: "too much" });
    await scene.browser.socket.refuse("setMetadata", "bad_message");
    await expect(setting).rejects.toMatchObject({ code: "bad_message" });
    await scene.browser.socket.closeWith(4410);
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { sessionId: "s-new" });
    expect(scene.browser.socket.requests("join")[0]?.data).not.toHaveProperty("metadata");
  });

  it("is part of the join when the page sets it while the client rejoins", async () => {
    const scene = await rejoining();
    await scene.browser.socket.refuse("join", "media_unavailable", { retryable: true });
    const setting = scene.client.setMetadata({ hand: true });
    await scene.browser.socket.refuse("setMetadata", "not_joined");
    await expect(setting).resolves.toBeUndefined();
    await scene.browser.timers.advance(10_000);
    expect(scene.browser.socket.requests("join")[1]?.data).toMatchObject({ metadata: { hand: true } });
  });

  it("is not sent again after it was replaced, even if the reply was slow", async () => {
    const { browser, client } = await inRoom();
    void client.setMetadata({ hand: true });
    await browser.timers.advance(1_000);
    const second = client.setMetadata({ hand: false });
    await browser.timers.advance(NO_ANSWER_MS - 1_000);
    await browser.socket.answer("setMetadata", {});
    await second;
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, room: room(3, person("ann", { metadata: { hand: false } })) });
    expect(browser.socket.requests("setMetadata")).toEqual([]);
  });
});

describe("a roster in which something was missed", () => {
  it("is asked for until it is complete, although its version is the newest", async () => {
    const { browser, client } = await inRoom([person("bob")]);
    const { socket } = browser;
    await socket.receive({ type: "user_joined", data: { roomId: "daily", version: 3, participant: person("cy") } });
    await socket.refuse("getRoom", "overloaded", { retryable: true });
    await socket.receive({ type: "pong", v: 3 });
    expect(socket.requests("getRoom")).toHaveLength(2);
    await socket.answer("getRoom", { room: room(3, person("ann"), person("cy")) });
    await socket.receive({ type: "pong", v: 3 });
    expect(socket.requests("getRoom")).toHaveLength(2);
    expect(client.room?.participants).toHaveLength(2);
  });

  it("does not show a participant as speaking who has left", async () => {
    const { browser, client } = await inRoom([person("bob")]);
    const told: unknown[] = [];
    await browser.socket.receive({ type: "active_speaker", data: { roomId: "daily", userId: "bob" } });
    client.on("active_speaker", ({ userId }) => told.push(userId));
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, room: room(4, person("ann")) });
    expect(client.activeSpeaker).toBeNull();
    expect(told).toEqual([null]);
  });
});

describe("leaving", () => {
  it("is remembered when it comes before the reply to the first hello: a reloaded page is not in its room", async () => {
    const before = await inRoom();
    const { client, browser } = await connecting({}, new FakeBrowser(undefined, before.browser.storage));
    await client.leave();
    await greet(browser, { resumed: true, room: room(3, person("ann")) });
    expect(client.room).toBeUndefined();
    expect(browser.socket.requests("leave")).toHaveLength(1);
  });
});

describe("a goodbye", () => {
  it("is also sent by the browser as a beacon when it may be lost", async () => {
    const { browser, client } = await connected();
    const leaving = client.disconnect();
    await browser.socket.closeWith(1006);
    await leaving;
    expect(browser.page.beacons).toHaveLength(1);
  });

  it("needs no beacon when the service has answered it", async () => {
    const { browser, client } = await connected();
    const leaving = client.disconnect();
    await browser.socket.answer("beforeDisconnect", {});
    await leaving;
    expect(browser.page.beacons).toEqual([]);
  });
});

describe("a hello", () => {
  it("is not repeated for ever when the service does not understand it, because the page is at fault", async () => {
    const scene = await connecting({ user: { id: "no good name" } });
    const ready = scene.client.whenConnected();
    await scene.browser.socket.open();
    await scene.browser.socket.refuse("hello", "bad_message");
    await expect(ready).rejects.toMatchObject({ code: "bad_message", data: { stopped: "protocol_error" } });
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "protocol_error" });
  });

  it("does not wait without limit for its token", async () => {
    let asked = 0;
    const getToken = () => (++asked === 1 ? new Promise<string>(() => {}) : "t");
    const { browser, seen } = await connecting({ getToken });
    await browser.timers.advance(31_000);
    const message = "getToken failed: no token in time.";
    const retry = { attempt: 0, delayMs: 250, cause: "token_failed", kind: "refused", message };
    expect(seen).toContainEqual(["retry", retry]);
    expect(browser.sockets).toHaveLength(1);
  });

  it("is followed by the state of the page when that has changed since the last report", async () => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "hidden" });
    await browser.socket.closeWith(1006);
    await browser.page.signal({ kind: "visible" });
    await greet(browser, { resumed: true, epoch: 2 });
    expect(browser.socket.pings).toEqual(['{"type":"ping","data":{"visibility":"visible"}}']);
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser, { resumed: true, epoch: 3 });
    expect(browser.socket.pings).toEqual([]);
  });
});
