/** Two clients on one page of a real browser, with its storage, its locks and its reload. */
import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { Firefox } from "../support/firefox.js";
import { startService } from "../support/service.js";
import { noStageReason, openPage } from "./browsers.js";
import { inFirefox, noFirefoxReason } from "./firefox.js";
import { serveSdk } from "./sdk-page.js";
import { onStage } from "./stage.js";

/** What a client shows when it has a session. */
interface Shown {
  tabId: string;
  sessionId: string | undefined;
  resumed: boolean | undefined;
}

/** Starts two clients in the page. @param users undefined: both are guests */
function startTwo(page: Pick<Page, "evaluate">, url: string, users: readonly string[] = []): Promise<Shown[]> {
  return page.evaluate(
    async ({ address, ids }) => {
      window.clients = [0, 1].map((index) => {
        const id = ids[index];
        return window.sdk.connect({ url: address, log: false, ...(id !== undefined && { user: { id } }) });
      });
      return Promise.all(
        window.clients.map(async (client) => {
          const { sessionId, resumed } = await client.whenConnected();
          return { tabId: client.tabId, sessionId, resumed };
        }),
      );
    },
    { address: url, ids: users },
  );
}

describe.skipIf(noStageReason)("two clients on one page", () => {
  test(onStage("both resume after a reload, and a duplicated tab resumes neither"), async () => {
    const origin = await serveSdk();
    const service = await startService({ CORS_ORIGIN: origin });
    const { page } = await openPage();
    await page.goto(origin);
    for (const users of [[], ["ann", "bob"]]) {
      const before = await startTwo(page, service.http, users);
      expect(new Set(before.map(({ sessionId }) => sessionId)).size).toBe(2);
      await page.reload();
      const after = await startTwo(page, service.http, users);
      expect(after).toEqual(before.map((shown) => ({ ...shown, resumed: true })));

      // The browser copies the tab's storage, as when a user duplicates the tab.
      const [copy] = await Promise.all([
        page.waitForEvent("popup"),
        page.evaluate(() => void window.open(location.href)),
      ]);
      const other = await startTwo(copy, service.http, users);
      expect(other.map(({ resumed }) => resumed)).toEqual([false, false]);
      const ids = [...after, ...other].map(({ tabId }) => tabId);
      expect(new Set(ids).size).toBe(4);
      expect(await page.evaluate(() => window.clients.map(({ state }) => state))).toEqual(["connected", "connected"]);
      await copy.close();
      await page.evaluate(() => Promise.all(window.clients.map((client) => client.disconnect())));
    }
  });

  test.skipIf(noFirefoxReason)(inFirefox("both resume after a reload in Firefox"), async () => {
    const origin = await serveSdk();
    const service = await startService({ CORS_ORIGIN: origin });
    const firefox = await Firefox.launch();
    onTestFinished(() => firefox.close());
    const page = await firefox.newPage();
    await page.goto(origin);
    const before = await startTwo(page, service.http, ["ann", "bob"]);
    await page.reload();
    const after = await startTwo(page, service.http, ["ann", "bob"]);
    expect(after).toEqual(before.map((shown) => ({ ...shown, resumed: true })));
  });
});
