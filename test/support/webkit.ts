/** One WebKitGTK on a screen of its own, driven by WebDriver, and its processes. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { findWebkit } from "../../scripts/webkit.js";
import { freePort } from "./free-port.js";
import { processTree, signal } from "./process-tree.js";
import { PATIENCE_MS, until } from "./until.js";

/** Where an X server writes the number of its display. */
const DISPLAY_FD = 3;

export class WebKitBrowser {
  readonly #driver: ChildProcess;
  readonly #screen: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  #session = "";

  private constructor(driver: ChildProcess, screen: ChildProcess, folder: string, url: string) {
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
    const [screen, display] = await startScreen(programs.screen);
    const port = await freePort();
    const driver = spawn(programs.driver, [`--port=${port}`], {
      stdio: "ignore",
      env: { ...process.env, DISPLAY: display, GDK_BACKEND: "x11", HOME: folder, XDG_RUNTIME_DIR: folder },
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

  /** Ends the process that runs the page. */
  killPage(): void {
    for (const { pid, args } of processTree(this.#driver.pid))
      if (args[0]?.endsWith("/WebKitWebProcess")) signal(pid, "SIGKILL");
  }

  async close(): Promise<void> {
    // The browser is a child of the driver, and its processes do not all end with it.
    for (const { pid } of processTree(this.#driver.pid)) signal(pid, "SIGKILL");
    await Promise.all([ended(this.#driver), ended(this.#screen)]);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
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

/** @returns the X server and its display, for example `:1` */
async function startScreen(program: string): Promise<[ChildProcess, string]> {
  const options = ["-displayfd", String(DISPLAY_FD), "-screen", "0", "1100x760x24", "-nolisten", "tcp"];
  const screen = spawn(program, options, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [number] = (await once(screen.stdio[DISPLAY_FD] as Readable, "data")) as [Buffer];
  return [screen, `:${number.toString().trim()}`];
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
