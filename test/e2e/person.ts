import type { Browser, Page } from "playwright-core";
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

  async #processes(kind: "browser" | "renderer"): Promise<number[]> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === kind).map(({ id }) => id);
  }
}
