/** The client learns early that its own connection is dead: from the network, from its timers, from its media. */
import { describe, expect, it } from "vitest";
import { connected, connecting, greet, inRoom, payloads, person, room, type Scene } from "./scenes.js";

/** A pong comes `ms` after the last ping. */
async function pong({ browser }: Scene, ms: number): Promise<void> {
  await browser.timers.advance(ms);
  await browser.socket.receive({ type: "pong" });
}

describe("another network", () => {
  it.each([{ kind: "offline" }, { kind: "wake", cause: "online" }, { kind: "wake", cause: "network" }] as const)(
    "$kind $cause: the client pings, and gives the socket up after one second without a pong",
    async (signal) => {
      const { browser, client } = await connected();
      await browser.page.signal(signal);
      expect(browser.socket.pings).toHaveLength(1);
      await browser.timers.advance(999);
      expect(client.state).toBe("connected");
      await browser.timers.advance(1);
      expect(client.state).toBe("reconnecting");
      expect(browser.sockets[0]?.closeCode).toBe(4000);
    },
  );

  it("keeps a connection that answers", async () => {
    const scene = await connected();
    await scene.browser.page.signal({ kind: "offline" });
    await pong(scene, 900);
    await scene.browser.timers.advance(20_000);
    expect(scene.client.state).toBe("connected");
    expect(scene.browser.sockets).toHaveLength(1);
  });

  it("waits longer on a network that is slow, but never longer than five seconds", async () => {
    const slow = await connected();
    await slow.browser.timers.advance(30_000);
    await pong(slow, 700);
    await slow.browser.page.signal({ kind: "wake", cause: "network" });
    await slow.browser.timers.advance(2_799);
    expect(slow.client.state).toBe("connected");
    await slow.browser.timers.advance(1);
    expect(slow.client.state).toBe("reconnecting");

    const slept = await connected();
    await slept.browser.timers.advance(30_000);
    await slept.browser.timers.sleep(60_000);
    await slept.browser.socket.receive({ type: "pong" });
    await slept.browser.socket.receive({ type: "pong" });
    await slept.browser.timers.advance(10_000);
    await slept.browser.page.signal({ kind: "wake", cause: "online" });
    await slept.browser.timers.advance(5_000);
    expect(slept.client.state).toBe("reconnecting");
  });

  it("waits less long from now on when the page woke a moment before", async () => {
    const { browser, client } = await connected();
    await browser.page.signal({ kind: "visible" });
    await browser.page.signal({ kind: "wake", cause: "online" });
    expect(browser.socket.pings).toHaveLength(1);
    await browser.timers.advance(1_000);
    expect(client.state).toBe("reconnecting");
  });

  it("is not put off for ever by a page that wakes again and again", async () => {
    const { browser, client } = await connected();
    for (let seconds = 0; seconds < 6; seconds += 1) {
      await browser.page.signal({ kind: "wake", cause: "focus" });
      await browser.timers.advance(1_000);
    }
    expect(client.state).toBe("reconnecting");
  });

  it("from Wi-Fi to mobile in 4 s: back before 5 s have passed, with the same session", async () => {
    const scene = await inRoom();
    const { browser, client } = scene;
    browser.random = 0.99;
    await browser.page.signal({ kind: "offline" });
    await browser.timers.advance(4_000);
    expect(client.state).toBe("reconnecting");
    const sockets = browser.sockets.length;
    await browser.page.signal({ kind: "wake", cause: "online" });
    expect(browser.sockets).toHaveLength(sockets + 1);
    await browser.timers.advance(500);
    await greet(browser, { resumed: true, room: room(1, person("ann")) });
    expect(payloads(scene, "joined").at(-1)).toMatchObject({ how: "resumed" });
  });

  it("makes an attempt that still waits for the old network begin again", async () => {
    const { browser } = await connected();
    await browser.socket.closeWith(1006);
    await browser.timers.advance(500);
    const waiting = browser.socket;
    await browser.timers.advance(600);
    await browser.page.signal({ kind: "wake", cause: "network" });
    expect(waiting.closeCode).toBe(4000);
    expect(browser.socket).not.toBe(waiting);
    const young = browser.socket;
    await browser.page.signal({ kind: "wake", cause: "online" });
    expect(browser.socket).toBe(young);
    await greet(browser, { resumed: true });
    await waiting.open();
    expect(waiting.sent).toEqual([]);
  });

  it("does not ask the page for a second token while the first is being fetched", async () => {
    let asked = 0;
    const getToken = () => ((asked += 1), new Promise<string>(() => {}));
    const { browser } = await connecting({ getToken });
    await browser.timers.advance(2_000);
    await browser.page.signal({ kind: "wake", cause: "online" });
    expect(asked).toBe(1);
  });
});

describe("a machine that slept", () => {
  it("is noticed by the client's own timers within five seconds", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(1_000);
    await browser.timers.sleep(600_000);
    expect(browser.socket.pings).toHaveLength(1);
    await browser.timers.advance(5_000);
    expect(client.state).toBe("reconnecting");
  });

  it.each([-3_600_000, 3_600_000])("is noticed when its clock was set by %i ms meanwhile, too", async (byMs) => {
    const { browser, client } = await connected();
    await browser.timers.advance(1_000);
    browser.timers.setClock(byMs);
    await browser.timers.sleep(35_000);
    expect(browser.socket.pings).toHaveLength(1);
    await browser.timers.advance(5_000);
    expect(client.state).toBe("reconnecting");
  });

  it("does not put off the verdict on a connection that is dead already, although each timer is late", async () => {
    const { browser, client } = await connected();
    for (let minutes = 0; minutes < 4; minutes += 1) await browser.timers.sleep(60_000);
    expect(client.state).toBe("reconnecting");
  });

  it("does not change the interval of the pings while the timers run on time", async () => {
    const scene = await connected();
    for (let beats = 1; beats <= 3; beats += 1) {
      await scene.browser.timers.advance(beats === 1 ? 30_000 : 29_900);
      expect(scene.browser.socket.pings).toHaveLength(beats);
      await pong(scene, 100);
    }
  });
});

describe("an attempt that hangs", () => {
  async function lost(): Promise<Scene> {
    const scene = await connected();
    await scene.browser.socket.closeWith(1006);
    return scene;
  }

  it("leaves time for three more before the session is gone", async () => {
    const { browser } = await lost();
    browser.random = 0.99;
    await browser.timers.advance(19_000);
    expect(browser.sockets.length - 1).toBeGreaterThanOrEqual(4);
  });

  it.each([0, 0.5, 0.99])(
    "is followed by longer ones, for a network that has become slow (random: %d)",
    async (random) => {
      const { browser } = await lost();
      browser.random = random;
      const { timers, sockets } = browser;
      const dialledAt = new Map(sockets.map((socket) => [socket, Infinity]));
      let longestMs = 0;
      for (let at = 0; at < 18_000; at += 50) {
        await timers.advance(50);
        for (const socket of sockets) {
          if (!dialledAt.has(socket)) dialledAt.set(socket, at);
          else if (!socket.closedByClient) longestMs = Math.max(longestMs, at - (dialledAt.get(socket) ?? at));
        }
      }
      // So long takes a handshake of three round trips, each of them almost two seconds.
      expect(longestMs).toBeGreaterThanOrEqual(5_000);
    },
  );

  it("may take longer where a good one took long", async () => {
    const scene = await connecting();
    const { browser } = scene;
    await browser.timers.advance(2_000);
    await greet(browser);
    await browser.socket.closeWith(1006);
    await browser.timers.advance(250);
    const { socket } = browser;
    await browser.timers.advance(5_900);
    expect(socket.closedByClient).toBe(false);
    await browser.timers.advance(200);
    expect(socket.closedByClient).toBe(true);
  });

  it("may not take more than half of the grace, because the first one may have waited for a user who signed in", async () => {
    let tokens = 0;
    let give: (token: string) => void = () => {};
    const getToken = () => ((tokens += 1), new Promise<string>((resolve) => (give = resolve)));
    const { browser } = await connecting({ getToken });
    await browser.timers.advance(25_000);
    give("t");
    await browser.timers.advance(0);
    await greet(browser);
    await browser.socket.closeWith(1006);
    await browser.timers.advance(19_000);
    expect(tokens - 1).toBeGreaterThanOrEqual(3);
  });

  it("has ten seconds when there is no session to lose", async () => {
    const { browser } = await connecting();
    await browser.timers.advance(9_999);
    expect(browser.socket.closedByClient).toBe(false);
    await browser.timers.advance(1);
    expect(browser.socket.closedByClient).toBe(true);
  });

  it("includes the page's request for a token", async () => {
    let tokens = 0;
    const getToken = () => ((tokens += 1) === 1 ? "t" : new Promise<string>(() => {}));
    const scene = await connected({ getToken });
    await scene.browser.socket.closeWith(1006);
    await scene.browser.timers.advance(19_000);
    expect(tokens - 1).toBeGreaterThanOrEqual(4);
  });

  it("does not hurry a user who has to sign in again", async () => {
    let tokens = 0;
    const getToken = () => ((tokens += 1) === 1 ? "t" : new Promise<string>(() => {}));
    const { browser } = await connected({ getToken });
    await browser.socket.closeWith(4401);
    await browser.timers.advance(25_000);
    expect(tokens).toBe(2);
  });
});
