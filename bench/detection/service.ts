import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import type { SessionHistory } from "../../src/http/operator-view.js";
import type { SessionView } from "../../src/http/session-view.js";
import type { Cause } from "../../src/session/verdict.js";
import { freePort } from "../../test/support/free-port.js";
import { until } from "../../test/support/until.js";

/** How a session left its room, as its timeline tells. */
export interface Leaving {
  reason: string;
  /** What made it a ghost; `undefined` for one that left. */
  cause?: Cause;
  /** What the histogram was told. */
  sinceLastSignMs: number;
}

/** The built service in a process of its own, with the deadlines of `config/default.json`, and its demo page. */
export class MeasuredService {
  readonly host: string;
  readonly port: number;
  readonly #webPort: number;
  readonly #process: ChildProcess;

  private constructor(host: string, port: number, webPort: number, child: ChildProcess) {
    this.host = host;
    this.port = port;
    this.#webPort = webPort;
    this.#process = child;
  }

  /**
   * @param main the built service, `dist/main.js`
   * @param host the address at which it listens, for media as well
   * @throws Error when the service is not built
   */
  static async start(main: string, host = "127.0.0.1"): Promise<MeasuredService> {
    if (!existsSync(main)) throw new Error("The service is not built: `npm run -s build`");
    const [port, webPort] = [await freePort(), await freePort()];
    const child = spawn(process.execPath, [main], {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        // Nobody has to show a token; the deadlines are those of production.
        LASTSEEN_ENV: "test",
        HOST: host,
        PORT: String(port),
        WEB_PORT: String(webPort),
        CORS_ORIGIN: `http://${host}:${webPort}`,
        SFU_LISTEN_IP: host,
        SFU_WORKERS: "1",
        SFU_PORT: "0",
      },
    });
    // Also when the measuring is interrupted.
    process.once("exit", () => child.kill());
    const service = new MeasuredService(host, port, webPort, child);
    await until(
      () =>
        fetch(`${service.http}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      30_000,
    );
    return service;
  }

  get http(): string {
    return `http://${this.host}:${this.port}`;
  }

  get ws(): string {
    return `ws://${this.host}:${this.port}/ws`;
  }

  /** The demo page, which joins the room by itself and then only sends what the SDK does. */
  pageUrl(name: string, room: string): string {
    const query = new URLSearchParams({ room, name, autojoin: "1", poll: "0" });
    return `http://${this.host}:${this.#webPort}/?${query.toString()}`;
  }

  /** What is known of somebody in a room. */
  async find(name: string, room: string): Promise<SessionView | undefined> {
    const response = await fetch(`${this.http}/api/sessions?${new URLSearchParams({ roomId: room }).toString()}`);
    const { sessions } = (await response.json()) as { sessions: SessionView[] };
    return sessions.find((session) => session.name === name);
  }

  async leavingOf(sessionId: string): Promise<Leaving> {
    const response = await fetch(`${this.http}/api/sessions/${sessionId}/timeline`);
    const { entries } = (await response.json()) as SessionHistory;
    const left = entries.find(({ step }) => step === "left room");
    if (!left) throw new Error(`${sessionId} has not left its room`);
    return left.detail as unknown as Leaving;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill("SIGTERM");
    await once(this.#process, "exit");
  }
}
