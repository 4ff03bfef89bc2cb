import { describe, expect, it } from "vitest";
import { settle } from "./fake-browser.js";
import {
  connected,
  connecting,
  greet,
  HEARTBEAT,
  inRoom,
  joined,
  payloads,
  person,
  room,
  type Scene,
} from "./scenes.js";

const PING = '{"type":"ping"}';
const ALIVE = '{"type":"alive"}';

describe("heartbeat", () => {
  it("sends the bare ping, byte for byte, at the service's interval", async () => {
    const { browser } = await connected();
    await browser.timers.advance(29_999);
    expect(browser.socket.pings).toEqual([]);
    await browser.timers.advance(1);
    expect(browser.socket.pings).toEqual([PING]);
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(30_000);
    expect(browser.socket.pings).toEqual([PING, PING]);
  });

  it("answers a probe at once, also when timers do not run", async () => {
    const { browser } = await connected();
    await browser.socket.receive({ type: "probe" });
    expect(browser.socket.pings).toEqual([PING]);
  });

  it("tells how long a ping took", async () => {
    const scene = await connected();
    const rtts: number[] = [];
    scene.client.on("heartbeat", ({ rttMs }) => rtts.push(rttMs));
    await scene.browser.timers.advance(30_000);
    await scene.browser.timers.advance(42);
    await scene.browser.socket.receive({ type: "pong" });
    expect(rtts).toEqual([42]);
  });

  it("knows which ping a pong answers", async () => {
    const scene = await connected();
    const rtts: number[] = [];
    scene.client.on("heartbeat", ({ rttMs }) => rtts.push(rttMs));
    await scene.browser.page.signal({ kind: "hidden" });
    await scene.browser.timers.advance(700);
    await scene.browser.socket.receive({ type: "probe" });
    await scene.browser.timers.advance(100);
    await scene.browser.socket.receive({ type: "pong" });
    await scene.browser.socket.receive({ type: "pong" });
    expect(rtts).toEqual([800, 100]);
  });

  it("drops the socket and reconnects when no pong comes", async () => {
    const scene = await connected();
    const { browser, client } = scene;
    const first = browser.socket;
    await browser.timers.advance(30_000 + 9_999);
    expect(client.state).toBe("connected");
    await browser.timers.advance(1);
    expect(first.closedByClient).toBe(true);
    expect(client.state).toBe("reconnecting");
    expect(payloads(scene, "state").at(-1)).toMatchObject({ reason: "pong_timeout" });
    // Not 1000: the page is still there, so the service must wait for it as after a broken connection.
    expect(first.closeCode).toBe(4000);
    await browser.timers.advance(500);
    expect(browser.sockets).toHaveLength(2);
  });

  it("accepts only the pong as the answer, because any other frame may be old", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(30_000);
    await browser.socket.receive({ type: "active_speaker", data: { roomId: "daily", userId: null } });
    await browser.timers.advance(10_000);
    expect(client.state).toBe("reconnecting");
  });

  it("does not accept a pong that waited in the browser while the page stood still as the answer to its next ping", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(30_000);
    await browser.timers.sleep(60_000);
    expect(browser.socket.pings).toHaveLength(2);
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(2_999);
    expect(client.state).toBe("connected");
    await browser.timers.advance(1);
    expect(client.state).toBe("reconnecting");
  });

  it("keeps the connection when the answers to both pings come", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(30_000);
    await browser.timers.sleep(60_000);
    await browser.socket.receive({ type: "pong" });
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(10_000);
    expect(client.state).toBe("connected");
  });

  it("pings again after sleep, and ignores the answers to earlier pings", async () => {
    const { browser, client } = await connected();
    await browser.page.signal({ kind: "frozen" });
    await browser.timers.advance(9_000);
    await browser.page.signal({ kind: "wake", cause: "pageshow" });
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(5_000);
    expect(client.state).toBe("reconnecting");
  });

  it("forgets unanswered pings when their connection ends", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(30_000);
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser);
    await browser.timers.advance(30_000);
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(10_000);
    expect(client.state).toBe("connected");
  });

  it("accepts a refusal by the rate limit as an answer", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(30_000);
    const data = { code: "rate_limited", message: "Too many messages; slow down.", type: "ping" };
    await browser.socket.receive({ type: "error", data });
    await browser.timers.advance(30_000);
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(10_000);
    expect(client.state).toBe("connected");
  });

  it("pings once more after the page stood still, before it treats the connection as dead", async () => {
    const { browser, client } = await connected();
    await browser.timers.advance(30_000);
    await browser.timers.sleep(60_000);
    expect(client.state).toBe("connected");
    expect(browser.socket.pings).toHaveLength(2);
    await browser.timers.advance(10_000);
    expect(client.state).toBe("reconnecting");
  });

  it.each(["focus", "online", "pageshow", "resume"] as const)("pings at once on %s", async (cause) => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "wake", cause });
    expect(browser.socket.pings).toHaveLength(1);
  });

  it("sends one ping when the page wakes, although three signals report that", async () => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "visible" });
    await browser.page.signal({ kind: "wake", cause: "focus" });
    await browser.page.signal({ kind: "wake", cause: "online" });
    expect(browser.socket.pings).toEqual(['{"type":"ping","data":{"visibility":"visible"}}']);
  });

  it("gives a connection that may have died in sleep five seconds to answer", async () => {
    const { browser, client } = await connected();
    await browser.page.signal({ kind: "wake", cause: "pageshow" });
    await browser.timers.advance(4_999);
    expect(client.state).toBe("connected");
    await browser.timers.advance(1);
    expect(client.state).toBe("reconnecting");
  });

  it("tells the service when the page is hidden or frozen", async () => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "hidden" });
    await browser.page.signal({ kind: "frozen" });
    expect(browser.socket.pings).toEqual([
      '{"type":"ping","data":{"visibility":"hidden"}}',
      '{"type":"ping","data":{"visibility":"frozen"}}',
    ]);
  });

  it("tells the service that the page is hidden when the connection comes back", async () => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "hidden" });
    await browser.socket.closeWith(1006);
    await browser.timers.advance(1_000);
    await greet(browser);
    expect(browser.socket.pings).toEqual(['{"type":"ping","data":{"visibility":"hidden"}}']);
  });

  it("asks for the roster when a pong carries another version", async () => {
    const { browser } = await inRoom();
    await browser.socket.receive({ type: "pong", v: 1 });
    expect(browser.socket.requests("getRoom")).toHaveLength(0);
    await browser.socket.receive({ type: "pong", v: 2 });
    await browser.socket.receive({ type: "pong", v: 2 });
    expect(browser.socket.requests("getRoom")).toHaveLength(1);
  });
});

describe("signs of life while somebody watches", () => {
  const heartbeat = { ...HEARTBEAT, watchedIntervalMs: 7_000, aliveIntervalMs: 3_500 };

  /** In a room with somebody else, right after a ping. */
  async function watched(terms: object = heartbeat): Promise<Scene> {
    const scene = await connecting();
    const { browser, client } = scene;
    await greet(browser, { heartbeat: terms });
    const joining = client.join("daily");
    await settle();
    await browser.socket.answer("join", joined(room(1, person("ann"), person("bob"))));
    await joining;
    await browser.socket.receive({ type: "probe" });
    await browser.socket.receive({ type: "pong", v: 1 });
    return scene;
  }
  const signs = ({ browser }: Scene): string[] =>
    browser.socket.sent.filter((text) => text === PING || text === ALIVE).slice(1);

  it("every second one is a ping, and the others are not answered", async () => {
    const scene = await watched();
    const { browser, client } = scene;
    for (const expected of [[ALIVE], [ALIVE, PING], [ALIVE, PING, ALIVE]]) {
      await browser.timers.advance(3_499);
      expect(signs(scene)).toEqual(expected.slice(0, -1));
      await browser.timers.advance(1);
      expect(signs(scene)).toEqual(expected);
      if (expected.at(-1) === PING) await browser.socket.receive({ type: "pong", v: 1 });
    }
    expect(client.state).toBe("connected");
  });

  it("a service that does not know them gets pings only", async () => {
    const { aliveIntervalMs: _, ...old } = heartbeat;
    const scene = await watched(old);
    await scene.browser.timers.advance(7_000);
    expect(signs(scene)).toEqual([PING]);
  });

  it.each([
    ["a service that does not know them", { ...HEARTBEAT, watchedIntervalMs: 7_000 }],
    ["a service that knows them", heartbeat],
  ])("when nobody watches any more, the next one is a ping to %s", async (_, terms) => {
    const scene = await watched(terms);
    const { browser } = scene;
    await browser.timers.advance(2_000);
    await browser.socket.receive({
      type: "user_left",
      data: {
        roomId: "daily",
        version: 2,
        userId: "bob",
        name: "bob",
        sessionId: "s-bob",
        reason: "left",
        count: 1,
        participants: ["ann"],
      },
    });
    await browser.timers.advance(5_000);
    expect(signs(scene)).toEqual([PING]);
  });

  it("the client notices within seven seconds of a ping that its connection is dead, whatever else it sends", async () => {
    const { browser, client } = await watched();
    await browser.timers.advance(13_999);
    expect(client.state).toBe("connected");
    await browser.timers.advance(1);
    expect(client.state).toBe("reconnecting");
  });

  it("a pong says when the next one is due, counted from the ping", async () => {
    const scene = await watched();
    const { browser } = scene;
    await browser.timers.advance(7_000);
    await browser.timers.advance(40);
    await browser.socket.receive({ type: "pong", v: 1, nextMs: 3_740 });
    await browser.timers.advance(3_699);
    expect(signs(scene)).toEqual([ALIVE, PING]);
    await browser.timers.advance(1);
    expect(signs(scene)).toEqual([ALIVE, PING, ALIVE]);
    await browser.timers.advance(3_500);
    expect(signs(scene).at(-1)).toBe(PING);
  });

  it("a pong can change the interval", async () => {
    const scene = await watched();
    const { browser } = scene;
    await browser.timers.advance(7_000);
    await browser.socket.receive({ type: "pong", v: 1, nextMs: 6_000, aliveIntervalMs: 6_000 });
    await browser.timers.advance(5_999);
    expect(signs(scene)).toEqual([ALIVE, PING]);
    await browser.timers.advance(1);
    // A second one would come so late that it has to be a ping.
    expect(signs(scene)).toEqual([ALIVE, PING, PING]);
  });

  it("a pong that makes the interval shorter also makes the pings more frequent", async () => {
    const scene = await watched({ ...HEARTBEAT, watchedIntervalMs: 28_000, aliveIntervalMs: 14_000 });
    const { browser } = scene;
    await browser.timers.advance(28_000);
    expect(signs(scene)).toEqual([ALIVE, PING]);
    await browser.socket.receive({ type: "pong", v: 1, nextMs: 3_500, aliveIntervalMs: 3_500 });
    await browser.timers.advance(7_000);
    expect(signs(scene)).toEqual([ALIVE, PING, ALIVE, PING]);
  });

  it("a clock that is set back between a ping and its pong puts off no sign of life", async () => {
    const scene = await watched();
    const { browser } = scene;
    const rtts: number[] = [];
    scene.client.on("heartbeat", ({ rttMs }) => rtts.push(rttMs));
    await browser.timers.advance(7_000);
    browser.timers.setClock(-3_600_000);
    await browser.socket.receive({ type: "pong", v: 1, nextMs: 3_500 });
    expect(rtts).toEqual([0]);
    await browser.timers.advance(3_500);
    expect(signs(scene).length).toBeGreaterThan(2);
  });

  it("a pong from before somebody watched puts off no sign of life", async () => {
    const scene = await watched();
    const { browser } = scene;
    await browser.timers.advance(7_000);
    await browser.socket.receive({ type: "pong", v: 1, nextMs: 30_000 });
    await browser.timers.advance(4_000);
    expect(signs(scene)).toEqual([ALIVE, PING, ALIVE]);
  });
});
