import { describe, expect, it } from "vitest";
import { FakeBrowser, settle } from "./fake-browser.js";
import { connected, connecting, greet, hello, inRoom, joined, payloads, person, room, type Scene } from "./scenes.js";

describe("resume", () => {
  it("keeps room and roster after a lost connection, and reports what changed in that time", async () => {
    const scene = await inRoom([person("bob")]);
    await scene.browser.socket.closeWith(1006);
    expect(scene.client.room?.participants).toHaveLength(2);
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, epoch: 2, room: room(5, person("ann"), person("cy")) });
    expect(payloads(scene, "joined").map(({ how }) => how)).toEqual(["joined", "resumed"]);
    expect(payloads(scene, "left")).toEqual([]);
    const change = payloads(scene, "roster").at(-1);
    expect(change?.added.map(({ name }) => name)).toEqual(["cy"]);
    expect(change?.removed.map(({ name }) => name)).toEqual(["bob"]);
    expect(scene.client.session).toMatchObject({ epoch: 2, resumed: true });
  });

  it("uses each token once: the newest one, including the token from the reply to a join", async () => {
    const { browser } = await inRoom();
    const token = JSON.parse(browser.storage.get("lastseen") ?? "") as { ticket: object };
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data["resume"]).toEqual(token.ticket);
    await browser.socket.answer("hello", hello({ resumeToken: "next", resumed: true }));
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data["resume"]).toMatchObject({ resumeToken: "next" });
  });

  it("says hello again on the same socket when the session is gone, and rejoins the room", async () => {
    const scene = await inRoom([], {});
    const { browser } = scene;
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    await browser.socket.refuse("hello", "session_gone");
    expect(browser.sockets).toHaveLength(2);
    expect(browser.socket.requests("hello")[1]?.data).not.toHaveProperty("resume");
    await browser.socket.answer("hello", hello({ sessionId: "s-new" }));
    expect(browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily" });
    await browser.socket.answer("join", joined(room(9, person("ann", { sessionId: "s-new" })), { sessionId: "s-new" }));
    expect(payloads(scene, "joined").at(-1)).toMatchObject({ how: "rejoined" });
    expect(scene.client.self?.sessionId).toBe("s-new");
  });

  it("finds the session and the room after a reload in the tab's storage", async () => {
    const before = await inRoom();
    const { storage } = before.browser;
    const after = await connecting({}, new FakeBrowser(undefined, storage));
    expect(after.client.tabId).toBe(before.client.tabId);
    const join = after.client.join("daily");
    await greet(after.browser, {
      resumed: true,
      epoch: 2,
      routerRtpCapabilities: { codecs: [] },
      room: room(3, person("ann"), person("bob")),
    });
    await expect(join).resolves.toMatchObject({ how: "resumed", routerRtpCapabilities: { codecs: [] } });
    expect(after.browser.socket.requests("join")).toHaveLength(0);
  });

  it("puts a reloaded page into its room even if the page does not ask for it", async () => {
    const before = await inRoom();
    const after = await connecting({}, new FakeBrowser(undefined, before.browser.storage));
    await greet(after.browser, { resumed: true, room: room(3, person("ann")) });
    expect(after.client.room?.id).toBe("daily");
  });

  it("leaves the room of the session first when the page wants another room", async () => {
    const before = await inRoom();
    const after = await connecting({}, new FakeBrowser(undefined, before.browser.storage));
    void after.client.join("other");
    await greet(after.browser, { resumed: true, room: room(3, person("ann")) });
    const types = after.browser.socket.sent.map((text) => (JSON.parse(text) as { type: string }).type);
    expect(types).toEqual(["hello", "leave", "join"]);
  });

  it("does not rejoin a room that the page left while there was no connection", async () => {
    const scene = await inRoom();
    await scene.browser.socket.closeWith(1006);
    await scene.client.leave();
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, room: room(3, person("ann")) });
    expect(scene.browser.socket.requests("leave")).toHaveLength(1);
    expect(scene.client.room).toBeUndefined();
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "left" }]);
  });

  it("tells the service what the page set while there was no connection", async () => {
    const scene = await inRoom();
    await scene.browser.socket.closeWith(1006);
    await scene.client.setMetadata({ hand: true });
    expect(scene.client.self?.metadata).toEqual({ hand: true });
    await scene.browser.timers.advance(1_000);
    await greet(scene.browser, { resumed: true, room: room(3, person("ann")) });
    expect(scene.browser.socket.requests("setMetadata")[0]?.data).toEqual({ metadata: { hand: true } });
  });

  it("keeps the name that the service gave to a guest", async () => {
    const { browser } = await connected();
    await browser.socket.closeWith(4410);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data["user"]).toEqual({ id: "ann", name: "Ann" });
  });
});

describe("a rejoin by the client itself", () => {
  /** The session was lost and the service has just said hello to a new one. */
  async function afterSilence(silentMs: number) {
    const scene = await inRoom();
    const { browser } = scene;
    await browser.socket.closeWith(1006);
    await browser.timers.sleep(silentMs);
    await browser.socket.open();
    await browser.socket.refuse("hello", "session_gone");
    await browser.socket.answer("hello", hello({ sessionId: "s-new" }));
    return scene;
  }

  it("takes the place of its own lost session when the connection was away for a short time", async () => {
    const { browser } = await afterSilence(5_000);
    expect(browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily" });
  });

  it("does not take the meeting away from another device when the connection was away for a long time", async () => {
    const scene = await afterSilence(60_000);
    const { browser } = scene;
    expect(browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily", onDuplicate: "reject" });
    await browser.socket.refuse("join", "duplicate_session");
    expect(payloads(scene, "left")).toEqual([{ roomId: "daily", reason: "transferred" }]);
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "transferred" });
    await browser.timers.advance(3_600_000);
    expect(browser.sockets).toHaveLength(2);

    scene.client.reconnect();
    await settle();
    await greet(browser);
    expect(browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily" });
  });

  it("is tried again while the room cannot admit the client", async () => {
    const scene = await afterSilence(5_000);
    const { browser } = scene;
    await browser.socket.refuse("join", "media_unavailable", { retryable: true });
    await browser.timers.advance(5_000);
    expect(browser.socket.requests("join")).toHaveLength(2);
    await browser.socket.answer("join", joined(room(1, person("ann")), { sessionId: "s-new" }));
    expect(payloads(scene, "joined").at(-1)).toMatchObject({ how: "rejoined" });
  });

  it("ends with a reason when the room refuses the client", async () => {
    const scene = await afterSilence(5_000);
    await scene.browser.socket.refuse("join", "forbidden");
    expect(payloads(scene, "left")).toMatchObject([{ reason: "rejoin_failed", error: { code: "forbidden" } }]);
    expect(scene.client.state).toBe("connected");
  });
});

describe("redirect", () => {
  const elsewhere = (node: string) => ({ data: { url: `http://${node}:3001` } });

  it("leads to the node that has the room, where the client begins a new session", async () => {
    const { browser, client } = await connected();
    const join = client.join("daily", { metadata: { a: 1 } });
    await settle();
    const first = browser.socket;
    await first.refuse("join", "redirect", elsewhere("n2"));
    expect(first.requests("beforeDisconnect")).toHaveLength(1);
    await browser.timers.advance(0);
    expect(browser.socket.url).toBe("ws://n2:3001/ws");
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data).not.toHaveProperty("resume");
    await browser.socket.answer("hello", hello({ sessionId: "s-2" }));
    expect(browser.socket.requests("join")[0]?.data).toEqual({ roomId: "daily", metadata: { a: 1 } });
    await browser.socket.answer("join", joined(room(1, person("ann")), { sessionId: "s-2" }));
    await expect(join).resolves.toMatchObject({ how: "joined" });
  });

  /** Lets time pass until the client has more sockets than `length`. @returns how long it waited, ms; undefined when it stays */
  async function untilItConnects({ browser }: Scene, length: number): Promise<number | undefined> {
    for (let ms = 0; ms <= 10_000; ms += 500) {
      await browser.timers.advance(ms === 0 ? 0 : 500);
      if (browser.sockets.length > length) return ms;
    }
    return undefined;
  }

  it("is followed seven times, at growing intervals; then the join rejects and says why", async () => {
    const scene = await connected();
    const join = scene.client.join("daily");
    join.catch(() => {});
    const waits: number[] = [];
    for (let waited: number | undefined = 0; waited !== undefined;) {
      await settle();
      const { length } = scene.browser.sockets;
      await scene.browser.socket.refuse("join", "redirect", elsewhere("n2"));
      waited = await untilItConnects(scene, length);
      if (waited === undefined) break;
      waits.push(waited);
      await greet(scene.browser, { sessionId: `s-${waits.length}` });
    }
    expect(waits).toEqual([0, 0, 0, 1_000, 2_000, 4_000, 8_000]);
    await expect(join).rejects.toMatchObject({ code: "redirect", retryable: false });
    expect(scene.client.state).toBe("connected");
  });

  it("is followed again half a minute after too many of them, however often the application asks meanwhile", async () => {
    const scene = await connected();
    const followed: boolean[] = [];
    const ask = async (): Promise<void> => {
      const join = scene.client.join("daily");
      join.catch(() => {});
      for (let waited: number | undefined = 0; waited !== undefined;) {
        await settle();
        const { length } = scene.browser.sockets;
        await scene.browser.socket.refuse("join", "redirect", elsewhere("n2"));
        waited = scene.client.state === "connected" ? undefined : await untilItConnects(scene, length);
        if (waited !== undefined) await greet(scene.browser, { sessionId: `s-${length}` });
        followed.push(waited !== undefined);
      }
    };
    await ask();
    expect(followed.filter(Boolean)).toHaveLength(7);
    followed.length = 0;
    for (let seconds = 0; seconds < 32; seconds += 1) {
      await scene.browser.timers.advance(1_000);
      await ask();
    }
    expect(followed.filter(Boolean).length).toBeGreaterThanOrEqual(1);
    expect(followed.filter(Boolean).length).toBeLessThanOrEqual(2);
  });

  it("is followed although the clock was set back since the one before it", async () => {
    const { browser, client } = await connected();
    client.join("daily").catch(() => {});
    for (let hop = 1; hop <= 3; hop += 1) {
      browser.timers.setClock(-3_600_000);
      await settle();
      const { length } = browser.sockets;
      await browser.socket.refuse("join", "redirect", elsewhere(`n${hop}`));
      await browser.timers.advance(0);
      expect(browser.sockets).toHaveLength(length + 1);
      await greet(browser, { sessionId: `s-${hop}` });
    }
  });

  it("to an address that nobody reaches does not go on for ever", async () => {
    const scene = await connected();
    const join = scene.client.join("daily");
    const rejected: unknown[] = [];
    join.catch((error: unknown) => rejected.push(error));
    let sessions = 1;
    for (; rejected.length === 0 && sessions < 50; sessions += 1) {
      await settle();
      const { length } = scene.browser.sockets;
      await scene.browser.socket.refuse("join", "redirect", elsewhere("unreachable"));
      if ((await untilItConnects(scene, length)) === undefined) break;
      await scene.browser.socket.closeWith(1006);
      await untilItConnects(scene, length + 1);
      expect(scene.browser.socket.url).toBe("ws://service:3001/ws");
      await greet(scene.browser, { sessionId: `s-${sessions}` });
    }
    expect(rejected).toMatchObject([{ code: "redirect" }]);
    expect(sessions).toBe(8);
  });

  it("to an address that leads back to the client's own session does not go on for ever", async () => {
    const scene = await connected();
    const rejected: unknown[] = [];
    scene.client.join("daily").catch((error: unknown) => rejected.push(error));
    let hops = 0;
    for (; rejected.length === 0 && hops < 50; hops += 1) {
      await settle();
      const { length } = scene.browser.sockets;
      await scene.browser.socket.refuse("join", "redirect", elsewhere("everybody"));
      if ((await untilItConnects(scene, length)) === undefined) break;
      await greet(scene.browser, { resumed: true, epoch: hops + 2 });
    }
    expect(rejected).toMatchObject([{ code: "redirect" }]);
    expect(hops).toBeLessThan(10);
  });

  it("that leads to the room does not count against later redirects", async () => {
    const scene = await connected();
    const { browser, client } = scene;
    for (let hop = 1; hop <= 20; hop += 1) {
      const join = client.join(`room-${hop}`);
      await settle();
      await browser.socket.refuse("join", "redirect", elsewhere(`n${hop}`));
      await browser.timers.advance(0);
      await greet(browser, { sessionId: `s-${hop}` });
      await browser.socket.answer(
        "join",
        joined({ ...room(1, person("ann")), id: `room-${hop}` }, { sessionId: `s-${hop}` }),
      );
      await join;
    }
    expect(browser.sockets).toHaveLength(21);
  });

  it("that leads to the session does not count either: a client in no room that is handed over again and again goes straight there", async () => {
    const { browser } = await connected();
    for (let hop = 1; hop <= 13; hop += 1) {
      const data = { reconnectAfterMs: 300, url: `http://n${hop}:3001` };
      await browser.socket.receive({ type: "server_closing", data });
      await browser.socket.closeWith(1012);
      await browser.timers.advance(300);
      expect(browser.socket.url).toBe(`ws://n${hop}:3001/ws`);
      await greet(browser, { resumed: true, epoch: hop + 1 });
      await browser.timers.advance(2_000);
    }
  });

  it("leads back to the first node when the other node does not answer", async () => {
    const { browser, client } = await connected();
    client.join("daily").catch(() => {});
    await settle();
    await browser.socket.refuse("join", "redirect", elsewhere("n2"));
    await browser.timers.advance(0);
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    expect(browser.socket.url).toBe("ws://service:3001/ws");
  });

  it("keeps the session when it answers a hello", async () => {
    const { browser } = await connected();
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    await browser.socket.refuse("hello", "redirect", elsewhere("n3"));
    await browser.timers.advance(0);
    await browser.socket.open();
    expect(browser.socket.url).toBe("ws://n3:3001/ws");
    expect(browser.socket.requests("hello")[0]?.data).toHaveProperty("resume");
  });
});
