/** A page in the browser's back/forward cache: it leaves like a page that closes, and comes back as one participant. */
import { describe, expect, it } from "vitest";
import type { ConnectOptions } from "../../../packages/client/src/options.js";
import { FakeBrowser, SharedBrowser, settle } from "./fake-browser.js";
import { connecting, greet, hello, inRoom, joined, payloads, person, room, type Scene } from "./scenes.js";

/** The browser puts the page into the cache, with the signals that Chromium gives. */
async function hide({ browser }: Scene): Promise<void> {
  await browser.page.signal({ kind: "hide", persisted: true });
  await browser.page.signal({ kind: "hidden" });
  await browser.page.signal({ kind: "frozen" });
}

async function show({ browser }: Scene, afterMs: number): Promise<void> {
  await browser.timers.sleep(afterMs);
  await browser.page.signal({ kind: "wake", cause: "resume" });
  await browser.page.signal({ kind: "visible" });
  await browser.page.signal({ kind: "wake", cause: "pageshow" });
}

async function cached(options: Partial<ConnectOptions> = {}): Promise<Scene> {
  const scene = await inRoom([person("bob")], options);
  await hide(scene);
  return scene;
}

describe("a page that goes into the back/forward cache", () => {
  it("says goodbye by beacon and closes its socket as a page that is closed", async () => {
    const scene = await inRoom();
    const { ticket } = JSON.parse(scene.browser.storage.get("lastseen") ?? "") as { ticket: object };
    await hide(scene);
    const url = "http://service:3001/api/sessions/leave";
    expect(scene.browser.page.beacons).toEqual([{ url, body: JSON.stringify(ticket) }]);
    expect(scene.browser.socket.closeCode).toBe(1000);
    expect(scene.browser.socket.pings).toEqual([]);
  });

  it("tells the application, and keeps the room", async () => {
    const scene = await cached();
    const change = { state: "reconnecting", previous: "connected", reason: "page_cached" };
    expect(payloads(scene, "state").at(-1)).toMatchObject(change);
    expect(scene.client.room?.participants).toHaveLength(2);
    expect(payloads(scene, "left")).toEqual([]);
  });

  it("holds no timer, no lock and no channel there, and makes no attempt", async () => {
    const { browser } = await cached();
    expect(browser.timers.count).toBe(0);
    expect(browser.shared.held.size).toBe(0);
    expect(browser.shared.channelCount).toBe(0);
    await browser.timers.advance(3_600_000);
    expect(browser.sockets).toHaveLength(1);
  });

  it("gives up an attempt that is on its way, and a token that is being fetched", async () => {
    const reconnecting = await inRoom();
    await reconnecting.browser.socket.closeWith(1006);
    await reconnecting.browser.timers.advance(500);
    await hide(reconnecting);
    expect(reconnecting.browser.socket.closedByClient).toBe(true);

    let give: (token: string) => void = () => {};
    const fetching = await connecting({ getToken: () => new Promise<string>((resolve) => (give = resolve)) });
    await hide(fetching);
    give("late");
    await settle();
    expect(fetching.browser.sockets).toHaveLength(0);
    expect(fetching.browser.timers.count).toBe(0);
  });

  it("does nothing when the client has stopped", async () => {
    const scene = await inRoom();
    await scene.browser.socket.closeWith(4403);
    await hide(scene);
    await show(scene, 2_000);
    expect(scene.browser.page.beacons).toEqual([]);
    expect(scene.browser.sockets).toHaveLength(1);
  });
});

describe("a page that comes back from the back/forward cache", () => {
  it("resumes its session at once", async () => {
    const scene = await cached();
    await show(scene, 2_000);
    expect(scene.browser.sockets).toHaveLength(2);
    await scene.browser.socket.open();
    expect(scene.browser.socket.requests("hello")[0]?.data["resume"]).toMatchObject({ sessionId: "s-ann" });
    await scene.browser.socket.answer("hello", hello({ resumed: true, epoch: 2, room: room(3, person("ann")) }));
    expect(scene.client.state).toBe("connected");
    expect(payloads(scene, "joined").map(({ how }) => how)).toEqual(["joined", "resumed"]);
    expect(
      payloads(scene, "roster")
        .at(-1)
        ?.removed.map(({ name }) => name),
    ).toEqual(["bob"]);
  });

  it.each([9_000, 28_000, 200_000])("begins a new session and joins again when it is back after %i ms", async (ms) => {
    const scene = await cached();
    const { browser } = scene;
    await show(scene, ms);
    await browser.socket.open();
    await browser.socket.refuse("hello", "session_gone");
    await browser.socket.answer("hello", hello({ sessionId: "s-new" }));
    expect(browser.socket.requests("join")).toHaveLength(1);
    await browser.socket.answer("join", joined(room(9, person("ann", { sessionId: "s-new" })), { sessionId: "s-new" }));
    expect(payloads(scene, "joined").at(-1)).toMatchObject({ how: "rejoined" });
    expect(browser.sockets).toHaveLength(2);
  });

  it("takes no meeting away from a tab that the user went on with in the meantime", async () => {
    const scene = await cached();
    await show(scene, 9_000);
    await scene.browser.socket.open();
    await scene.browser.socket.refuse("hello", "session_gone");
    await scene.browser.socket.answer("hello", hello({ sessionId: "s-new" }));
    expect(scene.browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily", onDuplicate: "reject" });
    await scene.browser.socket.refuse("join", "duplicate_session");
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "transferred" });
  });

  it("goes on with the session of the page that the tab showed in the meantime", async () => {
    const scene = await cached();
    const between = await connecting({}, new FakeBrowser(scene.browser.shared, scene.browser.storage));
    expect(between.client.tabId).toBe(scene.client.tabId);
    await greet(between.browser, { resumed: true, resumeToken: "newest", room: room(3, person("ann")) });
    await hide(between);
    await show(scene, 60_000);
    await scene.browser.socket.open();
    const resume = { sessionId: "s-ann", resumeToken: "newest" };
    expect(scene.browser.socket.requests("hello")[0]?.data["resume"]).toEqual(resume);
  });

  it("is another tab when a duplicate has its id by now", async () => {
    const shared = new SharedBrowser();
    const scene = await connecting({}, new FakeBrowser(shared));
    await greet(scene.browser);
    const { tabId } = scene.client;
    await hide(scene);
    await connecting({}, new FakeBrowser(shared, scene.browser.storage.copy()));
    await show(scene, 2_000);
    await scene.browser.socket.open();
    expect(scene.client.tabId).not.toBe(tabId);
    expect(scene.browser.socket.requests("hello")[0]?.data).not.toHaveProperty("resume");
  });

  it("tries again when the service does not answer: it does not stay without a connection", async () => {
    const scene = await cached();
    await show(scene, 2_000);
    await scene.browser.socket.closeWith(1006);
    await scene.browser.timers.advance(500);
    expect(scene.browser.sockets).toHaveLength(3);
    await greet(scene.browser, { resumed: true, room: room(3, person("ann")) });
    expect(scene.client.state).toBe("connected");
  });

  it("says that it is visible again, and pings at the service's interval", async () => {
    const scene = await cached();
    await show(scene, 2_000);
    await greet(scene.browser, { resumed: true, room: room(3, person("ann")) });
    await scene.browser.timers.advance(30_000);
    expect(scene.browser.socket.pings).toEqual(['{"type":"ping"}']);
  });

  it("can go there again", async () => {
    const scene = await cached();
    for (let times = 0; times < 3; times += 1) {
      await show(scene, 2_000);
      await greet(scene.browser, { resumed: true, room: room(3, person("ann")) });
      await hide(scene);
    }
    expect(scene.browser.page.beacons).toHaveLength(4);
    expect(scene.browser.sockets).toHaveLength(4);
  });
});
