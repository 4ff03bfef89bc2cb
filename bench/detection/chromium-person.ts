import { setPriority } from "node:os";
import { chromium, type Browser, type Page } from "playwright-core";
import { CHROMIUM_ARGS, findChromium, UNLIKE_PEOPLE } from "../../scripts/chromium.js";
import { UnwatchedPage } from "../../test/e2e/unwatched-page.js";
import { signal } from "../../test/support/process-tree.js";
import type { TcpProxy } from "../../test/support/tcp-proxy.js";
import type { Leaver, Person } from "./person.js";

/** A camera of few pictures a second: so many browsers share one machine, and what is measured does not depend on it. */
const CAMERA = "--use-fake-device-for-media-stream=fps=5";

/**
 * @param page a URL; its origin may use the camera although it has no TLS
 * @param program the path of the browser; by default that of the system
 */
export function launchBrowser(page: string, program = findChromium()): Promise<Browser> {
  if (program === undefined) throw new Error("There is no Chromium: install one or set CHROMIUM_BIN");
  return chromium.launch({
    executablePath: program,
    args: [
      ...CHROMIUM_ARGS.filter((arg) => arg !== "--headless"),
      "--use-fake-ui-for-media-stream",
      CAMERA,
      `--unsafely-treat-insecure-origin-as-secure=${new URL(page).origin}`,
    ],
    ignoreDefaultArgs: [...UNLIKE_PEOPLE],
  });
}

/** Ends a browser, also when its pages hang. */
export async function endBrowser(browser: Browser): Promise<void> {
  if (!browser.isConnected()) return;
  for (const pid of (await processesOf(browser)).renderer) signal(pid, "SIGKILL");
  await browser.close();
}

/** A Chromium of their own with the demo page in it. */
export class ChromiumPerson implements Person {
  readonly page: Page;
  readonly #browser: Browser;
  /** Asked for beforehand, so that no question delays the moment of going. */
  #processes: Processes = { browser: [], renderer: [] };

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  static async open(url: string, via?: TcpProxy): Promise<ChromiumPerson> {
    const browser = await launchBrowser(url);
    const page = await browser.newPage();
    if (via) {
      const json = { serviceUrl: `http://127.0.0.1:${via.port}`, servicePort: via.port };
      await page.route("**/config.json", (route) => route.fulfill({ json }));
    }
    await page.goto(url);
    return new ChromiumPerson(browser, page);
  }

  async prepare(): Promise<void> {
    this.#processes = await processesOf(this.#browser);
  }

  signalPages(name: "SIGKILL" | "SIGSTOP"): void {
    for (const pid of this.#processes.renderer) signal(pid, name);
  }

  async hang(): Promise<void> {
    for (const pid of this.#processes.renderer) setPriority(pid, 19);
    await this.page.evaluate("for (;;);");
  }

  killBrowser(): void {
    for (const pid of this.#processes.browser) signal(pid, "SIGKILL");
  }

  close(): Promise<void> {
    return endBrowser(this.#browser);
  }
}

/** Somebody whose page can be frozen. */
export class UnwatchedPerson implements Leaver {
  readonly #browser: Browser;
  readonly #page: UnwatchedPage;

  private constructor(browser: Browser, page: UnwatchedPage) {
    this.#browser = browser;
    this.#page = page;
  }

  static async open(url: string): Promise<UnwatchedPerson> {
    const browser = await launchBrowser(url);
    return new UnwatchedPerson(browser, await UnwatchedPage.open(browser, url));
  }

  /** The page is frozen. */
  go(): Promise<void> {
    return this.#page.freeze();
  }

  close(): Promise<void> {
    return endBrowser(this.#browser);
  }
}

type Processes = Record<"browser" | "renderer", number[]>;

async function processesOf(browser: Browser): Promise<Processes> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const ids = (kind: string): number[] => processInfo.filter(({ type }) => type === kind).map(({ id }) => id);
  return { browser: ids("browser"), renderer: ids("renderer") };
}
