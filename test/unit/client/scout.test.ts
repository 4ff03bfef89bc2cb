/** After a failed socket the client asks by `fetch` whether the service is there, and opens no socket that would fail. */
import { describe, expect, it } from "vitest";
import { FakeBrowser, settle } from "./fake-browser.js";
import { connected, greet, type Scene } from "./scenes.js";

/** The service, as `fetch` finds it. */
class Reachability {
  isThere = false;
  asked: string[] = [];
  /** Whether requests wait without an answer. */
  hangs = false;

  readonly fetch = (url: string, { signal }: RequestInit): Promise<Response> => {
    this.asked.push(url);
    if (!this.hangs) return this.isThere ? Promise.resolve(new Response()) : Promise.reject(new TypeError("refused"));
    return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  };
}

async function outage(): Promise<{ scene: Scene; service: Reachability }> {
  const browser = new FakeBrowser();
  const service = new Reachability();
  browser.fetch = service.fetch;
  const scene = await connected({}, browser);
  await browser.socket.closeWith(1006);
  await browser.timers.advance(500);
  expect(browser.sockets).toHaveLength(2);
  return { scene, service };
}

/** The socket that was opened fails, too. */
async function fails({ browser }: Scene): Promise<void> {
  await browser.socket.closeWith(1006);
  // The part that finds out why is loaded when it is first needed.
  await import("../../../packages/client/src/diagnosis.js");
  await settle();
}

describe("a client whose connection is lost", () => {
  it("opens the first socket without a question, because mostly the service is there", async () => {
    const { scene, service } = await outage();
    expect(service.asked).toEqual([]);
    await greet(scene.browser, { resumed: true });
    expect(scene.client.state).toBe("connected");
  });

  it("opens no socket while a request that has worked before tells that nobody is there, and one as soon as it is", async () => {
    const { scene, service } = await outage();
    const { browser } = scene;
    // The request works once, so the page may make it, and its failure counts.
    service.isThere = true;
    await fails(scene);
    await browser.timers.advance(4_000);
    const { length } = browser.sockets;
    expect(length).toBeGreaterThan(2);
    service.isThere = false;
    await fails(scene);
    await browser.timers.advance(60_000);
    expect(browser.sockets).toHaveLength(length);
    const asked = service.asked.filter((url) => url === "http://service:3001/health/live");
    expect(asked.length).toBeGreaterThan(4);

    service.isThere = true;
    await browser.timers.advance(15_000);
    expect(browser.sockets).toHaveLength(length + 1);
    await greet(browser);
    expect(scene.client.state).toBe("connected");
  });

  it("opens a socket every eight seconds where no such request has ever worked: the page may forbid them", async () => {
    const { scene } = await outage();
    const { browser } = scene;
    await fails(scene);
    const at: number[] = [];
    const start = browser.timers.now();
    for (let seen = browser.sockets.length; browser.timers.now() - start < 60_000;) {
      await browser.timers.advance(500);
      if (browser.sockets.length === seen) continue;
      seen = browser.sockets.length;
      at.push(browser.timers.now() - start);
      await fails(scene);
    }
    expect(at.length).toBeGreaterThan(2);
    expect(at.length).toBeLessThan(8);
  });

  it("does not wait for ever for an answer, and leaves nothing behind when it stops meanwhile", async () => {
    const { scene, service } = await outage();
    const { browser, client } = scene;
    await fails(scene);
    service.hangs = true;
    await browser.timers.advance(20_000);
    expect(service.asked.filter((url) => url === "http://service:3001/health/live").length).toBeGreaterThan(1);
    await client.disconnect();
    await settle();
    expect(client.state).toBe("disconnected");
    expect(browser.timers.count).toBe(0);
  });
});
