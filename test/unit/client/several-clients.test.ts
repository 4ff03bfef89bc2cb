/** Several clients on one page: each keeps its own session across a reload, and none takes that of another. */
import { describe, expect, it } from "vitest";
import type { ConnectOptions } from "../../../packages/client/src/options.js";
import { FakeBrowser, SharedBrowser, settle } from "./fake-browser.js";
import { connecting, greet, type Scene } from "./scenes.js";

type Who = Partial<ConnectOptions>;

/** A client that the service has given this session. */
async function holding(sessionId: string, browser: FakeBrowser, who: Who = {}): Promise<Scene> {
  const scene = await connecting(who, browser);
  await greet(browser, { sessionId, resumeToken: `token of ${sessionId}` });
  return scene;
}

/** The session that a new client of the page asks to resume; undefined: none. */
async function resumed(browser: FakeBrowser, who: Who = {}): Promise<unknown> {
  const { client } = await connecting(who, browser);
  await browser.socket.open();
  const { data } = browser.socket.requests("hello")[0] ?? {};
  expect(data?.["tabId"]).toBe(client.tabId);
  return (data?.["resume"] as { sessionId: string } | undefined)?.sessionId;
}

/** The page is loaded again: the tab keeps its storage, and the locks of the old page are free. */
function reload(browser: FakeBrowser): FakeBrowser {
  return new FakeBrowser(new SharedBrowser(), browser.storage);
}

const ANN: Who = { user: { id: "ann" } };
const BOB: Who = { user: { id: "bob" } };

describe("two clients on one page", () => {
  it("both resume their sessions after a reload", async () => {
    const page = new FakeBrowser();
    const [one, two] = [await holding("s-1", page), await holding("s-2", page)];
    expect(one.client.tabId).not.toBe(two.client.tabId);
    const next = reload(page);
    expect([await resumed(next), await resumed(next)]).toEqual(["s-1", "s-2"]);
  });

  it.each([
    ["users", ANN, BOB],
    ["services", { url: "http://one:3001" }, { url: "http://two:3001" }],
    ["tab ids", { tabId: "left" }, { tabId: "right" }],
  ])("of different %s find their own sessions, whichever starts first", async (_what, left, right) => {
    const page = new FakeBrowser();
    await holding("s-left", page, left);
    await holding("s-right", page, right);
    const next = reload(page);
    expect(await resumed(next, right)).toBe("s-right");
    expect(await resumed(next, left)).toBe("s-left");
  });

  it("leave the other's session alone when one of them is not there after the reload", async () => {
    const page = new FakeBrowser();
    await holding("s-ann", page, ANN);
    await holding("s-bob", page, BOB);
    const second = reload(page);
    expect(await resumed(second, BOB)).toBe("s-bob");
    expect(await resumed(reload(second), ANN)).toBe("s-ann");
  });

  it("get ids of their own in a duplicated tab, and resume neither session", async () => {
    const shared = new SharedBrowser();
    const page = new FakeBrowser(shared);
    const first = [await holding("s-1", page), await holding("s-2", page)];
    const copy = new FakeBrowser(shared, page.storage.copy());
    expect([await resumed(copy), await resumed(copy)]).toEqual([undefined, undefined]);
    const ids = first.map(({ client }) => client.tabId);
    const next = new FakeBrowser(shared, copy.storage);
    const { client } = await connecting({}, next);
    expect(ids).not.toContain(client.tabId);
    // The original still has both.
    const again = reload(page);
    expect([await resumed(again), await resumed(again)]).toEqual(["s-1", "s-2"]);
  });

  it("work without storage, each with an id of its own", async () => {
    const page = new FakeBrowser();
    page.storage.get = () => null;
    const [one, two] = [await holding("s-1", page), await holding("s-2", page)];
    expect(one.client.tabId).not.toBe(two.client.tabId);
    await page.sockets[0]?.closeWith(1006);
    await page.timers.advance(1_000);
    await page.socket.open();
    expect(page.socket.requests("hello")[0]?.data["resume"]).toMatchObject({ sessionId: "s-1" });
  });
});

describe("a client that takes the place of a stopped one", () => {
  it("is found after a reload, also when it began before the other had said goodbye", async () => {
    const page = new FakeBrowser();
    const { client } = await holding("s-1", page);
    const first = page.socket;
    const ended = client.disconnect();
    await holding("s-2", page);
    await first.answer("beforeDisconnect", {});
    await ended;
    const next = reload(page);
    expect([await resumed(next), await resumed(next)]).toEqual(["s-2", undefined]);
  });

  it("uses the same place of the storage: a page that connects often fills it with one entry", async () => {
    const page = new FakeBrowser();
    for (let times = 0; times < 20; times += 1) {
      const { client } = await holding(`s-${times}`, page);
      const ended = client.disconnect();
      await page.socket.answer("beforeDisconnect", {});
      await ended;
    }
    expect(page.storage.keys).toEqual(["lastseen"]);
  });

  it("does not lose its session to the stopped one, which starts again", async () => {
    const page = new FakeBrowser();
    const one = await holding("s-1", page);
    await page.socket.closeWith(4403);
    const two = await holding("s-2", page);
    one.client.reconnect();
    await settle();
    await page.socket.open();
    expect(page.socket.requests("hello")[0]?.data).not.toHaveProperty("resume");
    expect(one.client.tabId).not.toBe(two.client.tabId);
    expect(await resumed(reload(page))).toBe("s-2");
  });
});

describe("what the storage has", () => {
  it("of an older version of this package is resumed", async () => {
    const page = new FakeBrowser();
    const ticket = { sessionId: "s-old", resumeToken: "r" };
    page.storage.set("lastseen", JSON.stringify({ tabId: "t", ticket, url: "http://service:3001" }));
    expect(await resumed(page, ANN)).toBe("s-old");
  });

  it("of more clients than there are places costs the others nothing", async () => {
    const page = new FakeBrowser();
    for (let count = 1; count <= 10; count += 1) await holding(`s-${count}`, page);
    const next = reload(page);
    const found: unknown[] = [];
    for (let count = 1; count <= 8; count += 1) found.push(await resumed(next));
    expect(found.slice(1)).toEqual(["s-2", "s-3", "s-4", "s-5", "s-6", "s-7", "s-8"]);
  });
});
