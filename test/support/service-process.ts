import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { LogLine } from "./service.js";
import { freePort } from "./free-port.js";
import { until } from "./until.js";

/** Several processes that start at once on a busy machine need long. */
const START_LIMIT_MS = 90_000;
/** `LASTSEEN_DIST` names the `dist/` of another build, for example of an earlier version, to compare the two. */
const DIST = process.env["LASTSEEN_DIST"] ?? fileURLToPath(new URL("../../dist", import.meta.url));
const MAIN = join(DIST, "main.js");

/** The built service in its own process. A test can stop, continue and kill it. It ends with the test. */
export class ServiceProcess {
  readonly port: number;
  readonly log: LogLine[] = [];
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
    let rest = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("{")) this.log.push(JSON.parse(line) as LogLine);
    });
  }

  /**
   * A process that must not start.
   *
   * @returns how it ended, and what it wrote to stderr
   */
  static async refused(env: Record<string, string>): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(process.execPath, [MAIN], {
      stdio: ["ignore", "ignore", "pipe"],
      env: settingsOf(await freePort(), env),
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    await once(child, "close");
    return { code: child.exitCode, stderr };
  }

  /** @param env settings by their environment names, over those of the test environment; no media unless they say so */
  static async start(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const port = env["PORT"] === undefined ? await freePort() : Number(env["PORT"]);
    const child = spawn(process.execPath, [MAIN], {
      stdio: ["ignore", "pipe", "inherit"],
      env: settingsOf(port, env),
    });
    const service = new ServiceProcess(port, child);
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    await until(
      () =>
        fetch(`${service.http}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      START_LIMIT_MS,
    );
    return service;
  }

  get http(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get ws(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  signal(name: "SIGSTOP" | "SIGCONT" | "SIGTERM" | "SIGKILL"): void {
    this.#process.kill(name);
  }

  /** @returns the exit code; null when it was killed */
  async ended(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, "exit");
    return this.#process.exitCode;
  }
}

function settingsOf(port: number, env: Record<string, string>): NodeJS.ProcessEnv {
  const own = { LASTSEEN_ENV: "test", PORT: String(port), WEB_PORT: "0", SFU_WORKERS: "0", SFU_PORT: "0" };
  return { ...process.env, ...own, ...env };
}
