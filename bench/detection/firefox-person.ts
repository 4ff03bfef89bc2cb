import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { FIREFOX_PREFS, findFirefox } from "../../scripts/firefox.js";
import { Firefox } from "../../test/support/firefox.js";
import { processTree, signal } from "../../test/support/process-tree.js";
import type { TcpProxy } from "../../test/support/tcp-proxy.js";
import type { Person } from "./person.js";

/** A Firefox of their own with the demo page in it. */
export class FirefoxPerson implements Person {
  readonly page: Page;
  readonly #firefox: Firefox;
  /** Found beforehand, so that no search delays the moment of going. */
  #pages: number[] = [];

  private constructor(firefox: Firefox, page: Page) {
    this.#firefox = firefox;
    this.page = page;
  }

  static async open(url: string, via?: TcpProxy): Promise<FirefoxPerson> {
    const firefox = await Firefox.launch();
    const page = await firefox.newPage();
    if (via) await page.evaluateOnNewDocument(findServiceAt, via.port);
    await page.goto(url);
    return new FirefoxPerson(firefox, page);
  }

  async prepare(): Promise<void> {
    this.#pages = this.#firefox.pageProcesses();
  }

  signalPages(name: "SIGKILL" | "SIGSTOP"): void {
    this.#firefox.signalPages(name, this.#pages);
  }

  hang(): Promise<unknown> {
    this.#firefox.slowPages();
    return this.page.evaluate("for (;;);");
  }

  killBrowser(): void {
    this.#firefox.kill();
  }

  close(): Promise<void> {
    return this.#firefox.close();
  }
}

/** Runs in the page first: the service is at this port of this machine. */
function findServiceAt(servicePort: number): void {
  const ask = window.fetch.bind(window);
  const found = { serviceUrl: `http://127.0.0.1:${servicePort}`, servicePort };
  window.fetch = (input, init) => (input === "config.json" ? Promise.resolve(Response.json(found)) : ask(input, init));
}

/** A new profile begins with pages of its own otherwise. */
const NOTHING_FIRST = {
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "termsofuse.bypassNotification": true,
};

/** Starts a Firefox that only opens a page. @param prefix goes before its command @returns what ends it */
export async function openUndrivenFirefox(prefix: readonly string[], url: string): Promise<() => Promise<void>> {
  const profile = mkdtempSync(join(tmpdir(), "lastseen-firefox-"));
  const prefs = Object.entries({ ...FIREFOX_PREFS, ...NOTHING_FIRST });
  const lines = prefs.map((pref) => `user_pref(${pref.map((part) => JSON.stringify(part)).join(", ")});`);
  writeFileSync(join(profile, "user.js"), lines.join("\n"));
  const [program, ...args] = [...prefix, findFirefox() ?? "", "--headless", "--profile", profile, url];
  const firefox = spawn(program ?? "", args, { stdio: "ignore" });
  const exit = once(firefox, "exit");
  return async () => {
    for (const { pid } of processTree(firefox.pid)) signal(pid, "SIGKILL");
    await exit;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
}
