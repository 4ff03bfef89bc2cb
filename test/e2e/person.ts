import type { Browser, Page } from "playwright-core";
import { processTree } from "../support/process-tree.js";
import { Participant } from "./participant.js";

/** Somebody in a call: a page of Chromium with a storage of its own. */
export class Person extends Participant {
  readonly browser: Browser;
  readonly page: Page;

  constructor(name: string, browser: Browser, page: Page) {
    super(name, {
      evaluate: (run, text = "") => page.evaluate(run, text),
      holds: async (run) => {
        await page.waitForFunction(run);
      },
    });
    this.browser = browser;
    this.page = page;
  }

  /** Opens a second tab of the same user. It joins by itself as the first one did. */
  async openTab(): Promise<Person> {
    const page = await this.page.context().newPage();
    await page.goto(this.page.url());
    const tab = new Person(this.name, this.browser, page);
    await tab.joined();
    await tab.listen();
    return tab;
  }

  /** The browser's main process. */
  async process(): Promise<{ pid: number }> {
    const [browser] = await this.#processes("browser");
    if (browser === undefined) throw new Error("the browser has no process");
    return { pid: browser };
  }

  /** Sends a signal to every renderer of this person's own browser. */
  async signalRenderers(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    for (const pid of await this.#processes("renderer")) process.kill(pid, signal);
  }

  /** The user changes a setting beside the address. */
  setPermission(name: "camera" | "microphone", setting: "denied" | "granted"): Promise<void> {
    return setPermission(this.page, name, setting);
  }

  /** The process that reads cameras dies; a new one starts when a camera is opened. */
  async killCapture(): Promise<void> {
    const { pid } = await this.process();
    const isCapture = (arg: string) => arg.startsWith("--utility-sub-type=video_capture.");
    for (const child of processTree(pid)) if (child.args.some(isCapture)) process.kill(child.pid, "SIGKILL");
  }

  async #processes(kind: "browser" | "renderer"): Promise<number[]> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === kind).map(({ id }) => id);
  }
}

/** What the user of Chromium does beside the address: the page may use a device, or may not any more. */
export async function setPermission(page: Page, name: "camera" | "microphone", setting: "denied" | "granted") {
  const context = page.context();
  const inPage = await context.newCDPSession(page);
  const { browserContextId } = (await inPage.send("Target.getTargetInfo")).targetInfo;
  await inPage.detach();
  const session = await context.browser()?.newBrowserCDPSession();
  const origin = new URL(page.url()).origin;
  const where = browserContextId === undefined ? { origin } : { origin, browserContextId };
  await session?.send("Browser.setPermission", { permission: { name }, setting, ...where });
  // Not detached: what a session has set holds while it is there.
}
