import { describe, expect, it } from "vitest";
import { FullJitterPolicy } from "../../../packages/client/src/reconnect-policy.js";
import { connected, connecting, greet, payloads } from "./scenes.js";

describe("reconnect", () => {
  it.each([
    [1000, "server_closed"],
    [1009, "message_too_big"],
    [4400, "protocol_error"],
    [4403, "kicked"],
    [4409, "transferred"],
  ])("stops on close code %i and says %s", async (code, reason) => {
    const scene = await connected();
    await scene.browser.socket.closeWith(code);
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", previous: "connected", reason });
    await scene.browser.timers.advance(3_600_000);
    expect(scene.browser.sockets).toHaveLength(1);
  });

  it.each([
    [1001, "socket_closed"],
    [1005, "socket_closed"],
    [1006, "socket_closed"],
    [1012, "server_restart"],
    [1013, "overloaded"],
    [4408, "hello_failed"],
    [4429, "rate_limited"],
  ])("comes back after close code %i with its session", async (code, reason) => {
    const scene = await connected();
    await scene.browser.socket.closeWith(code);
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "reconnecting", reason });
    const { timers, sockets } = scene.browser;
    for (let ms = 0; sockets.length < 2 && ms < 15_000; ms += 100) await timers.advance(100);
    await scene.browser.socket.open();
    expect(scene.browser.socket.requests("hello")[0]?.data["resume"]).toMatchObject({ sessionId: "s-ann" });
  });

  it("comes back as a new session after 4410", async () => {
    const { browser } = await connected();
    await browser.socket.closeWith(4410);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data).not.toHaveProperty("resume");
  });

  it("waits as long as the closing service says, for the next attempt only", async () => {
    const scene = await connected();
    await scene.browser.socket.receive({ type: "server_closing", data: { reconnectAfterMs: 7_000 } });
    await scene.browser.socket.closeWith(1012);
    expect(payloads(scene, "retry").at(-1)).toMatchObject({ delayMs: 7_000 });
    await scene.browser.timers.advance(7_000);
    await scene.browser.socket.closeWith(1006);
    expect(payloads(scene, "retry").at(-1)?.delayMs).toBeLessThan(2_000);
  });

  it("goes to the node that goes on with its session, and to its own address when it does not reach that node", async () => {
    const { browser } = await connected();
    const data = { reconnectAfterMs: 300, url: "http://heir.example" };
    await browser.socket.receive({ type: "server_closing", data });
    await browser.socket.closeWith(1012);
    await browser.timers.advance(300);
    expect(browser.socket.url).toBe("ws://heir.example/ws");
    await browser.socket.closeWith(1006);
    await browser.timers.advance(3_000);
    expect(browser.socket.url).toBe(browser.sockets[0]?.url);
  });

  it("waits longer each time, and starts with the first wait again after a good connection", async () => {
    const scene = await connected();
    for (let failures = 0; failures < 4; failures += 1) {
      await scene.browser.socket.closeWith(1006);
      await scene.browser.timers.advance(3_000);
    }
    expect(payloads(scene, "retry").map(({ delayMs }) => delayMs)).toEqual([250, 500, 1_000, 2_000]);
    await greet(scene.browser);
    await scene.browser.socket.closeWith(1006);
    expect(payloads(scene, "retry").at(-1)).toMatchObject({ attempt: 0, delayMs: 250 });
  });

  it("tries at once when the page wakes while the client waits for the next attempt", async () => {
    const { browser } = await connected();
    browser.random = 0.99;
    await browser.socket.closeWith(1013);
    await browser.page.signal({ kind: "wake", cause: "online" });
    await browser.timers.advance(0);
    expect(browser.sockets).toHaveLength(2);
  });

  it("needs no timer for the attempt of a page that wakes, because timers of a hidden page run once a minute", async () => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "hidden" });
    await browser.socket.closeWith(1013);
    await browser.page.signal({ kind: "wake", cause: "online" });
    expect(browser.sockets).toHaveLength(2);
  });

  it("uses no timer for the first attempt of a hidden page, and a timer for each later one", async () => {
    const scene = await connected();
    await scene.browser.page.signal({ kind: "hidden" });
    await scene.browser.socket.closeWith(1006);
    expect(scene.browser.sockets).toHaveLength(2);
    await scene.browser.socket.closeWith(1006);
    expect(scene.browser.sockets).toHaveLength(2);
    expect(payloads(scene, "retry").map(({ attempt, delayMs }) => [attempt, delayMs])).toEqual([
      [0, 0],
      [1, 500],
    ]);
  });

  it("makes one attempt only when a hidden page loses its connection and learns at the same moment that there is a network", async () => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "hidden" });
    const closed = browser.socket.closeWith(1006);
    const online = browser.page.signal({ kind: "wake", cause: "online" });
    await Promise.all([closed, online]);
    await browser.timers.advance(1_000);
    expect(browser.sockets).toHaveLength(2);
  });

  it.each([1012, 1013, 4429])("makes a hidden page wait too after close code %i", async (code) => {
    const { browser } = await connected();
    await browser.page.signal({ kind: "hidden" });
    await browser.socket.closeWith(code);
    expect(browser.sockets).toHaveLength(1);
  });

  it("gives up when the policy says so, on a hidden page too", async () => {
    const { browser, client } = await connected({ reconnectPolicy: { nextDelayMs: () => null } });
    await browser.page.signal({ kind: "hidden" });
    await browser.socket.closeWith(1006);
    expect(client.state).toBe("disconnected");
    expect(browser.sockets).toHaveLength(1);
  });

  it("gives up when the policy says so, and keeps the session for a later start", async () => {
    const scene = await connected({ reconnectPolicy: { nextDelayMs: () => null } });
    await scene.browser.socket.closeWith(1006);
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "gave_up" });
    scene.client.reconnect();
    await scene.browser.timers.advance(0);
    await scene.browser.socket.open();
    expect(scene.browser.socket.requests("hello")[0]?.data).toHaveProperty("resume");
  });

  it("tries again when the socket never opens", async () => {
    const scene = await connecting();
    await scene.browser.timers.advance(10_000);
    expect(payloads(scene, "retry")).toMatchObject([{ cause: "connect_failed" }]);
    expect(scene.client.state).toBe("connecting");
    await scene.browser.timers.advance(500);
    expect(scene.browser.sockets).toHaveLength(2);
  });

  it("tries again when the hello is not answered", async () => {
    const scene = await connecting();
    await scene.browser.socket.open();
    await scene.browser.timers.advance(10_000);
    expect(payloads(scene, "retry")).toMatchObject([{ cause: "hello_failed" }]);
  });

  it("offers the subprotocol and finds the socket's path from each form of the address", async () => {
    for (const url of ["http://a:3001", "http://a:3001/", "ws://a:3001/ws", "ws://a:3001/ws/"]) {
      const { browser } = await connecting({ url });
      expect(browser.socket).toMatchObject({ url: "ws://a:3001/ws", protocol: "lastseen.v1" });
    }
    const { browser } = await connecting({ url: "https://a.example/calls" });
    expect(browser.socket.url).toBe("wss://a.example/calls/ws");
  });
});

describe("token", () => {
  it("is requested again once when the service did not accept it", async () => {
    const asked: boolean[] = [];
    const getToken = ({ refused }: { refused: boolean }) => (asked.push(refused), "t");
    const scene = await connecting({ getToken });
    await scene.browser.socket.open();
    expect(scene.browser.socket.requests("hello")[0]?.data["token"]).toBe("t");
    await scene.browser.socket.refuse("hello", "unauthorized");
    await scene.browser.timers.advance(1_000);
    await scene.browser.socket.open();
    await scene.browser.socket.closeWith(4401);
    expect(asked).toEqual([false, true]);
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "unauthorized" });
  });

  it("is replaced when it expires during the session, and the session goes on", async () => {
    const { browser } = await connected({ getToken: () => "t" });
    await browser.socket.closeWith(4401);
    await browser.timers.advance(1_000);
    await browser.socket.open();
    expect(browser.socket.requests("hello")[0]?.data).toMatchObject({ token: "t", resume: { sessionId: "s-ann" } });
  });

  it("is requested again later when the page cannot get it", async () => {
    let calls = 0;
    const getToken = () => (++calls === 1 ? Promise.reject(new Error("offline")) : Promise.resolve("t"));
    const scene = await connecting({ getToken });
    expect(scene.browser.sockets).toHaveLength(0);
    expect(payloads(scene, "retry")).toMatchObject([{ cause: "token_failed" }]);
    await scene.browser.timers.advance(1_000);
    expect(scene.browser.sockets).toHaveLength(1);
  });

  it("is not given: the first refusal is final", async () => {
    const scene = await connecting();
    await scene.browser.socket.open();
    await scene.browser.socket.refuse("hello", "unauthorized");
    expect(payloads(scene, "state").at(-1)).toMatchObject({ state: "disconnected", reason: "unauthorized" });
  });
});

describe("full jitter", () => {
  const context = { elapsedMs: 0, cause: "socket_closed" } as const;

  it("draws evenly below a ceiling that doubles up to the cap", () => {
    const policy = new FullJitterPolicy({ random: () => 1, baseMs: 100, capMs: 1_000 });
    const delays = [0, 1, 2, 3, 4, 50].map((attempt) => policy.nextDelayMs({ ...context, attempt }));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(new FullJitterPolicy({ random: () => 0 }).nextDelayMs({ ...context, attempt: 9 })).toBe(0);
  });

  it("starts with a higher ceiling when the service is busy", () => {
    const policy = new FullJitterPolicy({ random: () => 1, baseMs: 100 });
    expect(policy.nextDelayMs({ ...context, attempt: 0, cause: "overloaded" })).toBe(800);
  });

  it("gives up after its number of attempts", () => {
    const policy = new FullJitterPolicy({ attempts: 2 });
    expect(policy.nextDelayMs({ ...context, attempt: 1 })).not.toBeNull();
    expect(policy.nextDelayMs({ ...context, attempt: 2 })).toBeNull();
  });
});
