/** What the client takes from the page: each feature present, absent, and throwing. The essential goes on without all of them. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { browserEnvironment } from "../../../packages/client/src/browser.js";
import { browserNetwork } from "../../../packages/client/src/media/network.js";
import { FakeBrowser, settle } from "./fake-browser.js";
import { connecting, greet, type Scene } from "./scenes.js";

const FEATURES = ["storage", "locks", "channel", "beacon", "visibility", "connection"] as const;
const WAYS = ["present", "absent", "throws"] as const;

type Feature = (typeof FEATURES)[number];
type Way = (typeof WAYS)[number];

/** What a page with all features has, and what it was used for. */
class FullPage {
  readonly used: string[] = [];
  readonly beacons: unknown[] = [];
  readonly requests: unknown[] = [];
  readonly #stored = new Map<string, string>();
  readonly connection = Object.assign(new EventTarget(), { type: "wifi" });

  readonly parts: Record<Feature, unknown> = {
    storage: {
      getItem: (key: string) => this.#stored.get(key) ?? null,
      setItem: (key: string, value: string) => {
        this.used.push("storage");
        this.#stored.set(key, value);
      },
    },
    locks: {
      request: (_name: string, _options: object, held: () => Promise<void>) => {
        this.used.push("locks");
        return held();
      },
    },
    channel: class extends EventTarget {
      postMessage(): void {}
      close(): void {}
    },
    beacon: (...beacon: unknown[]) => {
      this.beacons.push(beacon);
      return true;
    },
    visibility: "hidden",
    connection: this.connection,
  };
}

/** Makes Node.js look like a page in which one feature is not as usual. */
function openPage(feature: Feature, way: Way): FullPage {
  const page = new FullPage();
  const throwing = (): never => {
    throw new DOMException("The operation is insecure.", "SecurityError");
  };
  const define = (target: object, name: string, one: Feature): void => {
    const value = one === feature && way === "absent" ? undefined : page.parts[one];
    const get = one === feature && way === "throws" ? throwing : () => value;
    Object.defineProperty(target, name, { get, configurable: true });
  };
  const [navigator, document, window] = [{}, new EventTarget(), new EventTarget()];
  define(navigator, "locks", "locks");
  define(navigator, "sendBeacon", "beacon");
  define(navigator, "connection", "connection");
  define(document, "visibilityState", "visibility");
  for (const [name, value] of Object.entries({ navigator, document, window })) vi.stubGlobal(name, value);
  vi.stubGlobal("fetch", (...request: unknown[]) => {
    page.requests.push(request);
    return Promise.resolve(new Response());
  });
  // A global that throws when it is read cannot be undone by vitest otherwise.
  vi.stubGlobal("sessionStorage", undefined);
  vi.stubGlobal("BroadcastChannel", undefined);
  define(globalThis, "sessionStorage", "storage");
  define(globalThis, "BroadcastChannel", "channel");
  return page;
}

/** A client with the parts of a real browser, and the socket and the clock of a test. */
async function connectedOn(browser: FakeBrowser): Promise<Scene> {
  const { openSocket, timers } = browser.environment;
  const scene = await connecting({ environment: { openSocket, timers } }, browser);
  await greet(browser);
  return scene;
}

afterEach(() => void vi.unstubAllGlobals());

const CASES = FEATURES.flatMap((feature) => WAYS.map((way) => ({ feature, way })));

describe.each(CASES)("with $feature $way", ({ feature, way }) => {
  it("the client connects, hears of the network, and says goodbye", async () => {
    const page = openPage(feature, way);
    const browser = new FakeBrowser();
    const { client } = await connectedOn(browser);
    expect(client.state).toBe("connected");
    expect(page.used.includes("storage")).toBe(feature !== "storage" || way === "present");
    expect(page.used.includes("locks")).toBe(feature !== "locks" || way === "present");

    window.dispatchEvent(new Event("online"));
    expect(browser.socket.pings.length).toBeGreaterThan(0);
    await browser.socket.receive({ type: "pong" });
    await browser.timers.advance(1_000);
    page.connection.type = "cellular";
    const before = browser.socket.pings.length;
    page.connection.dispatchEvent(new Event("change"));
    const hearsOfTypes = feature !== "connection" || way === "present";
    expect(browser.socket.pings.length - before).toBe(hearsOfTypes ? 1 : 0);

    window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
    const byBeacon = feature !== "beacon" || way === "present";
    expect([page.beacons.length, page.requests.length]).toEqual(byBeacon ? [1, 0] : [0, 1]);

    const ended = client.disconnect();
    await settle();
    await browser.socket.answer("beforeDisconnect", {});
    await ended;
    expect(client.state).toBe("disconnected");
    expect(browser.timers.count).toBe(0);
  });

  it("media listens to the network", () => {
    openPage(feature, way);
    const changed = vi.fn();
    const stop = browserNetwork.listen(changed);
    window.dispatchEvent(new Event("online"));
    expect(changed).toHaveBeenCalledTimes(1);
    stop();
    window.dispatchEvent(new Event("online"));
    expect(changed).toHaveBeenCalledTimes(1);
  });
});

describe("the page's visibility", () => {
  it.each([
    ["present", "hidden"],
    ["absent", "visible"],
    ["throws", "visible"],
  ] as const)("is, when the feature is %s: %s", (way, expected) => {
    openPage("visibility", way);
    expect(browserEnvironment.page.visibility).toBe(expected);
  });
});

describe("a lock that nobody gives and nobody refuses", () => {
  it("does not stop the client: it goes on as another tab", async () => {
    openPage("locks", "present");
    Object.defineProperty(navigator, "locks", { value: { request: () => new Promise(() => {}) } });
    expect(await browserEnvironment.locks.hold("name", 10)).toBeUndefined();
  });
});
