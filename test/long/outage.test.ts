/** How soon a page is back after an outage of a minute, with the question by `fetch` before a socket is opened, and without it. */
import { describe, expect, onTestFinished, test } from "vitest";
import { noStageReason, openPage } from "../e2e/browsers.js";
import { inFirefox, noFirefoxReason } from "../e2e/firefox.js";
import { serveSdk } from "../e2e/sdk-page.js";
import { Firefox } from "../support/firefox.js";
import { freePort } from "../support/free-port.js";
import { startService } from "../support/service.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { until } from "../support/until.js";

const OUTAGE_MS = 60_000;
const TRIES = 3;
/** The longest pause between two attempts. */
const PAUSE_MS = 15_000;
/** What a busy machine may add. */
const BUSY_MS = 3_000;

/** What a test needs of a page, whatever drives its browser. */
interface Tab {
  goto(url: string): Promise<unknown>;
  evaluate<R, A>(run: (given: A) => R | Promise<R>, given: A): Promise<R>;
}

/** Runs in the page. @returns how long ago it connected, ms; -1: it is not connected */
function connectedForMs(): number {
  const [client] = window.clients;
  return client?.state === "connected" ? Date.now() - (window.connectedAt ?? 0) : -1;
}

declare global {
  interface Window {
    connectedAt?: number;
  }
}

function start({ url, asks }: { url: string; asks: boolean }): Promise<unknown> {
  const client = window.sdk.connect({ url, log: false, ...(!asks && { environment: { fetch: undefined } }) });
  window.clients = [client];
  client.on("state", ({ state }) => {
    if (state === "connected") window.connectedAt = Date.now();
  });
  return client.whenConnected().then(() => undefined);
}

/** @returns after how many ms each page was back */
async function outage(tabs: readonly Tab[]): Promise<number[]> {
  const origin = await serveSdk();
  const service = await startService({ CORS_ORIGIN: origin });
  const port = await freePort();
  const network = await TcpProxy.start(service.port, port);
  const url = `http://127.0.0.1:${port}`;
  await Promise.all(tabs.map((tab) => tab.goto(origin)));
  await Promise.all(tabs.map((tab, index) => tab.evaluate(start, { url, asks: index % 2 === 0 })));
  await network.close();
  await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
  const healed = await TcpProxy.start(service.port, port);
  onTestFinished(() => healed.close());
  const backAt = Date.now();
  return Promise.all(
    tabs.map(async (tab) => {
      await until(async () => (await tab.evaluate(connectedForMs, undefined)) >= 0, 120_000);
      return Date.now() - (await tab.evaluate(connectedForMs, undefined)) - backAt;
    }),
  );
}

/** With and without the question, in turn. */
function report(browser: string, times: readonly number[]): number[] {
  const [asks, doesNot] = [0, 1].map((which) => times.filter((_ms, index) => index % 2 === which));
  // oxlint-disable-next-line no-console -- the figures are for whoever runs it
  console.log(
    `${browser}: back after ${asks?.join(", ")} ms with fetch first, after ${doesNot?.join(", ")} ms without`,
  );
  return asks ?? [];
}

describe.skipIf(noStageReason)("after an outage of a minute", () => {
  test("a page in Chromium is back within its longest pause", { timeout: 300_000 }, async () => {
    const pages = await Promise.all(Array.from({ length: 2 * TRIES }, () => openPage()));
    const times = report("Chromium", await outage(pages.map(({ page }) => page as unknown as Tab)));
    for (const ms of times) expect(ms).toBeLessThan(PAUSE_MS + BUSY_MS);
  });

  test.skipIf(noFirefoxReason)(
    inFirefox("a page in Firefox is back within its longest pause"),
    { timeout: 400_000 },
    async () => {
      // Firefox counts the failures of all its pages, so that one must not disturb the other.
      const tabs = await Promise.all(
        Array.from({ length: 2 * TRIES }, async () => {
          const firefox = await Firefox.launch();
          onTestFinished(() => firefox.close());
          return (await firefox.newPage()) as unknown as Tab;
        }),
      );
      for (const ms of report("Firefox", await outage(tabs))) expect(ms).toBeLessThan(PAUSE_MS + BUSY_MS);
    },
  );
});
