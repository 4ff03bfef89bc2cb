import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { CHROMIUM_ARGS, chromiumProblem, findChromium } from "../../scripts/chromium.js";
import { createWebServer } from "../../src/http/web-server.js";
import { freePort } from "../support/free-port.js";
import { noMediaReason } from "../support/media-worker.js";
import { startService, type TestService } from "../support/service.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import type { Session } from "../../src/session/session.js";
import { until } from "../support/until.js";
import { Person } from "./person.js";
import { UnwatchedPage } from "./unwatched-page.js";

export const WEB_ROOT = fileURLToPath(new URL("../../dist/web", import.meta.url));
const browserPath = findChromium();
const browserProblem = browserPath === undefined ? "there is no Chromium" : chromiumProblem(browserPath);

/** Why the tests in this folder cannot run here; undefined when they can. */
export const noStageReason = browserProblem ?? noMediaReason;

/** For a test's title: the reason it is skipped for, if it is. */
export function onStage(title: string): string {
  return noStageReason === undefined ? title : `${title} (skipped: ${noStageReason})`;
}

/** The service with real workers, the demo page, and a browser for each person: everything that a call needs. */
export interface Stage {
  service: TestService;
  /**
   * Opens the demo page in a browser of its own and joins.
   *
   * @param via the network between the page and the service; none if not given
   * @param first runs in the page before anything of its own
   */
  enter(name: string, room: string, via?: TcpProxy, first?: () => void): Promise<Person>;
  /** Like {@link enter}, in a page that can be frozen; the session is the one that the service opens for it. */
  enterUnwatched(name: string, room: string): Promise<{ page: UnwatchedPage; session: Session }>;
  /** A spoilable network to the service. */
  network(): Promise<TcpProxy>;
}

export async function openStage(env: Record<string, string> = {}): Promise<Stage> {
  const webPort = await freePort();
  const proxiedPorts: number[] = [await freePort(), await freePort()];
  const origins = [webPort, ...proxiedPorts].map((port) => `http://127.0.0.1:${port}`).join(",");
  const service = await startService({ SFU_WORKERS: "1", CORS_ORIGIN: origins, ...env });
  await servePage(service, webPort, service.port);
  const pages = new Map<TcpProxy, number>();
  return {
    service,
    async network() {
      const proxy = await TcpProxy.start(service.port);
      onTestFinished(() => proxy.close());
      const port = proxiedPorts.pop();
      if (port === undefined) throw new Error("no more networks on this stage");
      await servePage(service, port, proxy.port);
      pages.set(proxy, port);
      return proxy;
    },
    async enter(name, room, via, first) {
      const port = via === undefined ? webPort : pages.get(via);
      const { browser, page } = await openBrowser();
      if (first) await page.addInitScript(first);
      await page.goto(address(port, name, room));
      const person = new Person(name, browser, page);
      await person.joined();
      await person.listen();
      return person;
    },
    async enterUnwatched(name, room) {
      const { browser } = await openBrowser();
      const page = await UnwatchedPage.open(browser, address(webPort, name, room));
      const find = () => [...service.app.registry.all()].find((session) => session.name === name);
      await until(() => find()?.participation?.media.counts().producers === 2);
      const session = find();
      if (!session) throw new Error(`${name} is gone already`);
      return { page, session };
    },
  };
}

export function address(port: number | undefined, name: string, room: string): string {
  return `http://127.0.0.1:${port}/?${new URLSearchParams({ room, name, autojoin: "1" }).toString()}`;
}

async function servePage(service: TestService, port: number, servicePort: number): Promise<void> {
  const log = service.app.http.log;
  const web = await createWebServer({ log, root: WEB_ROOT, service: () => ({ serviceUrl: null, servicePort }) });
  onTestFinished(() => web.close());
  await web.listen({ port, host: "127.0.0.1" });
}

/** A Chromium with a fake camera and microphone and an empty page, closed when the test is finished. */
export async function openBrowser(): Promise<{ browser: Browser; page: Page }> {
  const browser = await chromium.launch({
    executablePath: browserPath ?? "",
    args: [
      ...CHROMIUM_ARGS.filter((arg) => arg !== "--headless"),
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
    ],
    // Playwright keeps pages in the background awake; people's browsers do not.
    ignoreDefaultArgs: [
      "--disable-background-timer-throttling",
      "--disable-backgrounding-occluded-windows",
      "--disable-renderer-backgrounding",
    ],
  });
  onTestFinished(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  return { browser, page: await context.newPage() };
}
