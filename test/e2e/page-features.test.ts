/** The client in real browsers in which a feature of the page is missing, or throws when it is used. */
import { describe, expect, onTestFinished, test } from "vitest";
import { Firefox } from "../support/firefox.js";
import { startService, type TestService } from "../support/service.js";
import { until } from "../support/until.js";
import { noStageReason, openPage } from "./browsers.js";
import { inFirefox, noFirefoxReason } from "./firefox.js";
import { serveSdk } from "./sdk-page.js";
import { onStage } from "./stage.js";

const FEATURES = ["storage", "locks", "channel", "beacon", "visibility", "connection"] as const;
const CASES = ["all present", ...FEATURES.flatMap((name) => [`${name} absent`, `${name} throws`])];

/** What a test needs of a page, whatever drives its browser. */
interface Tab {
  goto(url: string): Promise<unknown>;
  evaluate<R, A>(run: (given: A) => R | Promise<R>, given: A): Promise<R>;
}

/** Runs in the page: changes one feature, connects, and enters a room. @returns errors that nobody caught */
async function enterWith({ url, name }: { url: string; name: string }): Promise<string[]> {
  const errors: string[] = [];
  window.addEventListener("error", ({ message }) => errors.push(message));
  window.addEventListener("unhandledrejection", ({ reason }) => errors.push(String(reason)));
  const [feature = "", way] = name.split(" ");
  const targets: Record<string, [object, string]> = {
    storage: [window, "sessionStorage"],
    locks: [navigator, "locks"],
    channel: [window, "BroadcastChannel"],
    beacon: [navigator, "sendBeacon"],
    visibility: [document, "visibilityState"],
    connection: [navigator, "connection"],
  };
  const [target, property] = targets[feature] ?? [];
  if (target && property !== undefined) {
    const get = (): undefined => {
      if (way === "throws") throw new DOMException("The operation is insecure.", "SecurityError");
    };
    Object.defineProperty(target, property, { get, configurable: true });
  }
  const client = window.sdk.connect({ url, log: false, user: { id: name } });
  window.clients = [client];
  await client.join("daily");
  window.dispatchEvent(new Event("online"));
  return errors;
}

/** Each case in turn: in the room and out of it by `disconnect`, or because the page goes where that needs the feature. */
async function tryAll(tab: Tab, service: TestService, origin: string): Promise<void> {
  const { registry } = service.app;
  for (const name of CASES) {
    const goes = /present|beacon|storage/.test(name);
    for (const how of goes ? ["disconnect", "leave the page"] : ["disconnect"]) {
      await tab.goto(origin);
      expect(await tab.evaluate(enterWith, { url: service.http, name }), name).toEqual([]);
      expect(registry.size, name).toBe(1);
      if (how === "disconnect") {
        await tab.evaluate(() => window.clients[0]?.disconnect(), undefined);
        expect(registry.size, `${name}: ${how}`).toBe(0);
      } else {
        await tab.goto("about:blank");
        await until(() => registry.size === 0);
      }
    }
  }
}

async function openService(): Promise<{ service: TestService; origin: string }> {
  const origin = await serveSdk();
  const service = await startService({ CORS_ORIGIN: origin, RELOAD_GRACE_MS: "100" });
  return { service, origin };
}

describe.skipIf(noStageReason)("a page without a feature, or with one that throws", () => {
  test(onStage("connects, joins and leaves in Chromium"), async () => {
    const { service, origin } = await openService();
    const { page } = await openPage();
    await tryAll(page, service, origin);
  });

  test.skipIf(noFirefoxReason)(inFirefox("connects, joins and leaves in Firefox"), async () => {
    const { service, origin } = await openService();
    const firefox = await Firefox.launch();
    onTestFinished(() => firefox.close());
    await tryAll((await firefox.newPage()) as unknown as Tab, service, origin);
  });
});
