import { describe, expect, it, vi } from "vitest";
import { FakeBrowser, SharedBrowser, settle } from "./fake-browser.js";
import { connected, connecting, greet, hello, inRoom, joined, payloads, person, room, type Scene } from "./scenes.js";

/** Counts what a client has left on a page. */
function left({ browser }: Scene) {
  return {
    timers: browser.timers.count,
    listeners: browser.page.listenerCount,
    asking: browser.page.asking,
    locks: browser.shared.held.size,
    channels: browser.shared.channelCount,
  };
}

const NOTHING = { timers: 0, listeners: 0, asking: 0, locks: 0, channels: 0 };

describe("page lifecycle", () => {
  it("says goodbye by beacon when the page goes for good", async () => {
    const { browser } = await inRoom();
    const { ticket } = JSON.parse(browser.storage.get("lastseen") ?? "") as { ticket: object };
    await browser.page.signal({ kind: "hide", persisted: false });
    expect(browser.page.beacons).toEqual([
      { url: "http://service:3001/api/sessions/leave", body: JSON.stringify(ticket) },
    ]);
  });

  it("asks the user before closing only while in a room, and only if the option says so", async () => {
    const scene = await inRoom([], { askBeforeClosing: true });
    expect(scene.browser.page.asking).toBe(1);
    await Promise.all([scene.client.leave(), scene.browser.socket.answer("leave", {})]);
    expect(scene.browser.page.asking).toBe(0);
    expect((await inRoom()).browser.page.asking).toBe(0);
  });
});

describe("disconnect", () => {
  it("tells the service, stops, and leaves nothing on the page", async () => {
    const scene = await inRoom([], { askBeforeClosing: true });
    const done = scene.client.disconnect();
    await settle();
    await scene.browser.socket.answer("beforeDisconnect", {});
    await done;
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "client_initiated" });
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "left" }]);
    expect(scene.browser.socket.closedByClient).toBe(true);
    expect(left(scene)).toEqual(NOTHING);
  });

  it("does not wait for a service that does not answer", async () => {
    const scene = await inRoom();
    const done = scene.client.disconnect();
    await scene.browser.timers.advance(1_000);
    await done;
    expect(left(scene)).toEqual(NOTHING);
  });

  it("sends the goodbye as a beacon when there is no connection", async () => {
    const scene = await inRoom();
    await scene.browser.socket.closeWith(1006);
    await scene.client.disconnect();
    expect(scene.browser.page.beacons).toHaveLength(1);
    expect(left(scene)).toEqual(NOTHING);
  });

  it("leaves nothing on the page when there is no session yet", async () => {
    const scene = await connecting();
    const waiting = scene.client.whenConnected();
    const join = scene.client.join("daily");
    await scene.client.disconnect();
    await expect(waiting).rejects.toMatchObject({ code: "disconnected" });
    await expect(join).rejects.toMatchObject({ code: "disconnected" });
    await scene.browser.timers.advance(60_000);
    expect(left(scene)).toEqual(NOTHING);
  });

  it("can be called again, even by a listener of an event that it causes", async () => {
    const scene = await inRoom();
    scene.client.on("left", () => void scene.client.disconnect());
    const both = Promise.all([scene.client.disconnect(), scene.client.disconnect()]);
    await settle();
    expect(scene.browser.socket.requests("beforeDisconnect")).toHaveLength(1);
    await scene.browser.socket.answer("beforeDisconnect", {});
    await both;
  });

  it.each([1000, 4403, 4409])("leaves nothing on the page when close code %i causes it", async (code) => {
    const scene = await inRoom([], { askBeforeClosing: true });
    await scene.browser.socket.closeWith(code);
    expect(left(scene)).toEqual(NOTHING);
    expect(scene.client.room).toBeUndefined();
  });

  it("opens no socket when it comes while the token is being fetched", async () => {
    let give: (token: string) => void = () => {};
    const scene = await connecting({ getToken: () => new Promise<string>((resolve) => (give = resolve)) });
    await scene.client.disconnect();
    give("too late");
    await scene.browser.timers.advance(1_000);
    expect(scene.browser.sockets).toHaveLength(0);
    expect(left(scene)).toEqual(NOTHING);
  });

  it("leaves nothing on the page when it comes while the client waits to rejoin its room", async () => {
    const scene = await inRoom();
    const { browser, client } = scene;
    await browser.socket.closeWith(4410);
    await browser.timers.advance(1_000);
    await greet(browser, { sessionId: "s-new" });
    await browser.socket.refuse("join", "overloaded", { retryable: true });
    const done = client.disconnect();
    await settle();
    await browser.socket.answer("beforeDisconnect", {});
    await done;
    expect(left(scene)).toEqual(NOTHING);
  });

  it("rejects the requests that wait", async () => {
    const scene = await inRoom();
    const { browser, client } = scene;
    const request = client.request("getRoom", {});
    await browser.socket.closeWith(4403);
    expect(left(scene)).toEqual(NOTHING);
    await expect(request).rejects.toMatchObject({ code: "disconnected" });
    await expect(client.request("getRoom", {})).rejects.toMatchObject({ code: "disconnected" });
  });

  it("can be followed by a new start: as a new session, in the same room", async () => {
    const scene = await inRoom();
    await scene.browser.socket.closeWith(4409);
    scene.client.reconnect();
    await settle();
    await scene.browser.socket.open();
    expect(scene.browser.socket.requests("hello")[0]?.data).not.toHaveProperty("resume");
    await scene.browser.socket.answer("hello", hello({ sessionId: "s-9" }));
    expect(scene.browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily" });
  });

  it("keeps nothing of a request that was not answered in time", async () => {
    const { browser, client } = await inRoom();
    const request = client.request("getRoom", {}, 3_000);
    const timers = browser.timers.count;
    request.catch(() => {});
    await browser.timers.advance(3_000);
    await expect(request).rejects.toMatchObject({ code: "timeout", retryable: true });
    expect(browser.timers.count).toBe(timers - 1);
  });
});

describe("tabs", () => {
  it("that were duplicated get an id of their own and do not touch the other's session", async () => {
    const shared = new SharedBrowser();
    const original = await connected({}, new FakeBrowser(shared));
    const copy = await connecting({}, new FakeBrowser(shared, original.browser.storage.copy()));
    expect(copy.client.tabId).not.toBe(original.client.tabId);
    await copy.browser.socket.open();
    expect(copy.browser.socket.requests("hello")[0]?.data).not.toHaveProperty("resume");
  });

  it("learn of each other in rooms, and of a tab that crashed", async () => {
    const shared = new SharedBrowser();
    const one = await connected({}, new FakeBrowser(shared));
    const two = await connected({}, new FakeBrowser(shared));
    for (const { client, browser } of [one, two]) {
      const join = client.join("daily");
      await settle();
      await browser.socket.answer("join", joined(room(1, person("ann"))));
      await join;
    }
    const there = { tabId: two.client.tabId, roomId: "daily" };
    expect(payloads(one, "tabs")).toEqual([[there]]);
    expect(payloads(two, "tabs")).toEqual([[{ tabId: one.client.tabId, roomId: "daily" }]]);
    shared.release(`lastseen:${two.client.tabId}`);
    await settle();
    expect(payloads(one, "tabs").at(-1)).toEqual([]);
  });

  it("wait for each other's lock once, however often they go into rooms and leave them", async () => {
    const shared = new SharedBrowser();
    const scene = await connected({}, new FakeBrowser(shared));
    const waits = vi.spyOn(scene.browser.environment.locks, "whenFree");
    const stranger = shared.openChannel(() => {});
    for (const roomId of ["daily", null, "daily", null, "weekly"]) {
      stranger.post({ userId: "", tabId: "t", roomId, asks: false });
    }
    expect(waits).toHaveBeenCalledTimes(1);
    expect(payloads(scene, "tabs").at(-1)).toEqual([{ tabId: "t", roomId: "weekly" }]);
  });

  it("ignore other messages on their channel", async () => {
    const shared = new SharedBrowser();
    const scene = await connected({}, new FakeBrowser(shared));
    const stranger = shared.openChannel(() => {});
    const note = { userId: "", tabId: "t", roomId: "daily", asks: true };
    for (const message of [null, "hello", {}, { ...note, roomId: 1 }, { ...note, tabId: undefined }])
      stranger.post(message);
    expect(payloads(scene, "tabs")).toEqual([]);
    stranger.post(note);
    expect(payloads(scene, "tabs")).toEqual([[{ tabId: "t", roomId: "daily" }]]);
  });
});
