import type { Browser, CDPSession } from "playwright-core";

/**
 * A page that playwright does not look into. Whoever looks keeps a page focused and awake; this one can be frozen as the
 * browser freezes a page in the background.
 */
export class UnwatchedPage {
  readonly #session: CDPSession;
  readonly #sessionId: string;
  #nextId = 1;

  private constructor(session: CDPSession, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
  }

  static async open(browser: Browser, url: string): Promise<UnwatchedPage> {
    const session = await browser.newBrowserCDPSession();
    const { targetId } = await session.send("Target.createTarget", { url, newWindow: true });
    const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
    return new UnwatchedPage(session, sessionId);
  }

  freeze(): Promise<void> {
    return this.#send("Page.setWebLifecycleState", { state: "frozen" });
  }

  thaw(): Promise<void> {
    return this.#send("Page.setWebLifecycleState", { state: "active" });
  }

  async #send(method: string, params: object): Promise<void> {
    const message = JSON.stringify({ id: this.#nextId++, method, params });
    await this.#session.send("Target.sendMessageToTarget", { sessionId: this.#sessionId, message });
  }
}
