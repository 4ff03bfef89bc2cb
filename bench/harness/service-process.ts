import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/support/free-port.js";
import { until } from "../../test/support/until.js";

const SOURCES = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** The service in its own process, without tokens, without a web page, and with a long deadline for hello. */
export class ServiceProcess {
  readonly host: string;
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(host: string, port: number, child: ChildProcess) {
    this.host = host;
    this.port = port;
    this.#process = child;
  }

  /**
   * Starts one and waits until it is ready. It ends with this process at the latest.
   *
   * @param env settings by their names in the environment
   * @param main the built service; its sources if not given
   * @param host where it listens
   */
  static async start(env: Record<string, string>, main?: string, host = "127.0.0.1"): Promise<ServiceProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, main === undefined ? ["--import", "tsx", SOURCES] : [main], {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        LASTSEEN_ENV: "test",
        HOST: host,
        PORT: String(port),
        WEB_PORT: "0",
        SFU_PORT: "0",
        HELLO_TIMEOUT_MS: "60000",
        MAX_CONNECTIONS: "200000",
        MAX_CONNECTIONS_PER_ADDRESS: "200000",
        PUBLIC_URL: `http://${host}:${port}`,
        ...env,
      },
    });
    // The process also ends when the measurement is interrupted.
    process.once("exit", () => child.kill());
    const service = new ServiceProcess(host, port, child);
    await until(() => service.#isReady(), START_TIMEOUT_MS);
    return service;
  }

  get http(): string {
    return `http://${this.host}:${this.port}`;
  }

  get ws(): string {
    return `ws://${this.host}:${this.port}/ws`;
  }

  /** How many sessions its health says that it has. */
  async sessions(): Promise<number> {
    const { sessions } = (await (await fetch(`${this.http}/api/health`)).json()) as { sessions: number };
    return sessions;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGTERM");
    await once(this.#process, "exit");
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.http}/health/ready`)).ok;
    } catch {
      return false;
    }
  }
}
