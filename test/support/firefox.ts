/** One Firefox, driven by WebDriver BiDi, and its processes. */
import { setPriority } from "node:os";
import { launch, type Browser, type Page } from "puppeteer-core";
import { FIREFOX_PREFS, findFirefox } from "../../scripts/firefox.js";
import { processTree, signal } from "./process-tree.js";
import { XScreen } from "./x-screen.js";

/** Several browsers that start at once on a busy machine need long. */
const START_LIMIT_MS = 120_000;

/** What a Firefox has that the others do not need. */
export interface FirefoxExtras {
  /** A screen of its own, which a page can share. */
  hasScreen?: boolean;
}

export class Firefox {
  readonly browser: Browser;
  readonly #pid: number;
  readonly #screen: XScreen | undefined;

  private constructor(browser: Browser, pid: number, screen: XScreen | undefined) {
    this.browser = browser;
    this.#pid = pid;
    this.#screen = screen;
  }

  /**
   * @param program the path of the browser; by default that of the system
   * @param prefs further settings
   */
  static async launch(
    program = findFirefox(),
    prefs: Readonly<Record<string, unknown>> = {},
    { hasScreen = false }: FirefoxExtras = {},
  ): Promise<Firefox> {
    if (program === undefined) throw new Error("There is no Firefox: install one or set FIREFOX_BIN");
    const screen = hasScreen ? await XScreen.start() : undefined;
    const browser = await launch({
      browser: "firefox",
      executablePath: program,
      headless: !screen,
      ...(screen && { env: { ...process.env, DISPLAY: screen.display, GDK_BACKEND: "x11" } }),
      timeout: START_LIMIT_MS,
      // Nobody looks at requests, and the viewport is that of a window.
      networkEnabled: false,
      defaultViewport: null,
      extraPrefsFirefox: { ...FIREFOX_PREFS, ...prefs },
    });
    const pid = browser.process()?.pid;
    if (pid === undefined) throw new Error("Firefox has no process");
    return new Firefox(browser, pid, screen);
  }

  /**
   * Opens an empty page with a storage of its own. It has a window of its own, so no other page hides it.
   *
   * @param first runs in the page before the page's own code
   */
  async newPage(first?: () => void): Promise<Page> {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage({ type: "window" });
    await page.evaluateOnNewDocument(takeSmallPictures);
    if (first) await page.evaluateOnNewDocument(first);
    return page;
  }

  /** The processes that run pages. Others do the network, the media or the graphics. */
  pageProcesses(): number[] {
    const isPage = (args: readonly string[]): boolean => args.includes("-contentproc") && args.at(-1) === "tab";
    return processTree(this.#pid).flatMap(({ pid, args }) => (isPage(args) ? pid : []));
  }

  signalPages(name: "SIGKILL" | "SIGSTOP", pages = this.pageProcesses()): void {
    for (const pid of pages) signal(pid, name);
  }

  /** Gives the pages the lowest priority, so that one that never waits takes no core from the others. */
  slowPages(): void {
    for (const pid of this.pageProcesses()) setPriority(pid, 19);
  }

  /** The main process ends at once, and with it the others. */
  kill(): void {
    signal(this.#pid, "SIGKILL");
  }

  /** Ends it also when its pages hang or stand still. */
  async close(): Promise<void> {
    for (const { pid } of processTree(this.#pid)) signal(pid, "SIGKILL");
    await this.browser.close();
    await this.#screen?.close();
  }
}

/** Runs in the page first: so many browsers share one machine, and what is tested does not depend on the pictures. */
export function takeSmallPictures(): void {
  const { mediaDevices } = navigator as Partial<Navigator>;
  // An empty page has none.
  if (!mediaDevices) return;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  const small = { width: 320, height: 180, frameRate: 5 };
  mediaDevices.getUserMedia = (wanted) => ask({ ...wanted, video: wanted?.video ? small : false });
}
