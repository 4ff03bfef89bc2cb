import { fileURLToPath } from "node:url";
import { expect, onTestFinished } from "vitest";
import { createWebServer } from "../../src/http/web-server.js";
import { freePort } from "../support/free-port.js";
import { startService, type TestService } from "../support/service.js";
import { PATIENCE_MS, until } from "../support/until.js";
import { Person } from "./person.js";
import { openPage } from "./browsers.js";

const WEB_ROOT = fileURLToPath(new URL("../../dist/web", import.meta.url));

/** The demo page's telephone on one device of a user. */
export class Phone extends Person {
  async type(userId: string): Promise<void> {
    await this.page.getByTestId("callee-input").fill(userId);
    await this.page.getByTestId("callee-input").blur();
  }

  async call(userId: string, kind: "audio" | "video" = "video"): Promise<void> {
    await this.type(userId);
    await this.press(`call-${kind}-button`);
  }

  press(testid: string): Promise<void> {
    return this.page.getByTestId(testid).click();
  }

  /** Waits until the phone shows a call in this state. */
  async shows(state: "ringing" | "active", timeoutMs = PATIENCE_MS): Promise<void> {
    const panel = this.page.locator(`[data-testid=call-panel][data-state=${state}]:not([hidden])`);
    await panel.waitFor({ timeout: timeoutMs });
  }

  /** Waits until there is no call on the phone, and returns what it says about it. */
  async says(reason: string, timeoutMs = PATIENCE_MS): Promise<string> {
    await this.page
      .locator(`[data-testid=phone-notice][data-reason=${reason}]:not([hidden])`)
      .waitFor({ timeout: timeoutMs });
    expect(await this.page.getByTestId("call-panel").isVisible()).toBe(false);
    const text = (await this.page.getByTestId("phone-notice").textContent()) ?? "";
    // The page isolates the direction of names by invisible characters.
    return text.replaceAll(/[\u2068\u2069]/g, "");
  }

  missed(): Promise<string[]> {
    const calls = this.page.getByTestId("missed-call");
    return calls.evaluateAll((items) => items.map((item) => item.getAttribute("data-user-id") ?? ""));
  }

  status(): Promise<string | null> {
    return this.page.getByTestId("callee-status").getAttribute("data-status");
  }
}

/** The service with real media, and the demo page as a telephone. */
export interface Exchange {
  service: TestService;
  /** A device of a user: a page with storage of its own. */
  phone(userId: string, name?: string): Promise<Phone>;
}

export async function openExchange(env: Record<string, string> = {}): Promise<Exchange> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const service = await startService({ SFU_WORKERS: "1", CORS_ORIGIN: origin, ...env });
  const log = service.app.http.log;
  const answer = () => ({ serviceUrl: null, servicePort: service.port });
  const web = await createWebServer({ log, root: WEB_ROOT, service: answer });
  onTestFinished(() => web.close());
  await web.listen({ port, host: "127.0.0.1" });
  return {
    service,
    async phone(userId, name = userId) {
      const { browser, page } = await openPage();
      await page.goto(`${origin}/?${new URLSearchParams({ phone: "1", user: userId, name }).toString()}`);
      const phone = new Phone(name, browser, page);
      await until(() => page.evaluate(() => window.lastseen?.client.state === "connected"));
      return phone;
    },
  };
}
