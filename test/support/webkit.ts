/** One WebKitGTK on a screen of its own, driven by WebDriver, and its processes. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findWebkit } from "../../scripts/webkit.js";
import { freePort } from "./free-port.js";
import { processTree, signal, type RunningProcess } from "./process-tree.js";
import { PATIENCE_MS, until } from "./until.js";
import { ended, XScreen } from "./x-screen.js";

export class WebKitBrowser {
  readonly #driver: ChildProcess;
  readonly #screen: XScreen;
  readonly #folder: string;
  readonly #url: string;
  #session = "";

  private constructor(driver: ChildProcess, screen: XScreen, folder: string, url: string) {
    this.#driver = driver;
    this.#screen = screen;
    this.#folder = folder;
    this.#url = url;
  }

  /** Starts it with one empty page. */
  static async start(): Promise<WebKitBrowser> {
    const programs = findWebkit();
    if (!programs) throw new Error("There is no WebKitGTK: install WebKitWebDriver and Xvfb");
    const folder = mkdtempSync(join(tmpdir(), "lastseen-webkit-"));
    const screen = await XScreen.start();
    const port = await freePort();
    const driver = spawn(programs.driver, [`--port=${port}`], {
      stdio: "ignore",
      env: { ...process.env, DISPLAY: screen.display, GDK_BACKEND: "x11", HOME: folder, XDG_RUNTIME_DIR: folder },
    });
    const browser = new WebKitBrowser(driver, screen, folder, `http://127.0.0.1:${port}`);
    try {
      await browser.#open();
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  goto(url: string): Promise<unknown> {
    return this.#command("POST", "url", { url });
  }

  reload(): Promise<unknown> {
    return this.#command("POST", "refresh", {});
  }

  back(): Promise<unknown> {
    return this.#command("POST", "back", {});
  }

  /** Runs a function in the page; it can use nothing from outside but the text. */
  evaluate<R>(run: (text: string) => R | Promise<R>, text = ""): Promise<R> {
    return this.#command("POST", "execute/sync", {
      script: `return (${run.toString()})(arguments[0]);`,
      args: [text],
    }) as Promise<R>;
  }

  /** Closes the page as a user closes a tab. Another one is open then, because a browser without pages ends. */
  async closePage(): Promise<void> {
    await this.#command("POST", "window/new", { type: "tab" });
    await this.#command("DELETE", "window");
  }

  /** The process that runs the page ends, stands still, or goes on. */
  signalPage(name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    for (const { pid, args } of this.#processes()) if (args[0]?.endsWith("/WebKitWebProcess")) signal(pid, name);
  }

  /** The browser's main process ends at once. The others see that it is gone. */
  kill(): void {
    for (const { pid, args } of this.#processes()) if (args[0]?.endsWith("/MiniBrowser")) signal(pid, "SIGKILL");
  }

  async close(): Promise<void> {
    // The browser is a child of the driver, and its processes do not all end with it.
    for (const { pid } of processTree(this.#driver.pid)) signal(pid, "SIGKILL");
    await Promise.all([ended(this.#driver), this.#screen.close()]);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #processes(): RunningProcess[] {
    return processTree(this.#driver.pid);
  }

  async #open(): Promise<void> {
    await until(() =>
      fetch(`${this.#url}/status`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    const capabilities = { alwaysMatch: {} };
    const { sessionId } = (await this.#ask("POST", "/session", { capabilities })) as { sessionId: string };
    this.#session = sessionId;
  }

  #command(method: string, path: string, body?: object): Promise<unknown> {
    return this.#ask(method, `/session/${this.#session}/${path}`, body);
  }

  /** @throws Error what the driver says */
  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const init = { method, signal: AbortSignal.timeout(PATIENCE_MS), ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.#url}${path}`, init);
    const { value } = (await response.json()) as { value: unknown };
    if (response.ok) return value;
    const { error, message } = value as { error: string; message: string };
    throw new Error(`WebKitWebDriver: ${method} ${path}: ${error}: ${message}`);
  }
}
