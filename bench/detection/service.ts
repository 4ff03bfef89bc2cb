import { existsSync } from "node:fs";
import type { SessionHistory, SessionView } from "@lastseen/protocol/http";
import { freePort } from "../../test/support/free-port.js";
import { ServiceProcess } from "../harness/service-process.js";

/** How a session left its room, as its timeline tells. */
export interface Leaving {
  reason: string;
  /** What made it a ghost; `undefined` for one that left. */
  cause: string | undefined;
  /** What the histogram was told. */
  sinceLastSignMs: number;
}

/** The built service with the deadlines of `config/default.json`, and its demo page. */
export class MeasuredService {
  readonly #process: ServiceProcess;
  readonly #webPort: number;

  private constructor(process: ServiceProcess, webPort: number) {
    this.#process = process;
    this.#webPort = webPort;
  }

  /**
   * @param main the built service, `dist/main.js`
   * @param host the address on which it listens, also for media
   * @throws Error when the service is not built
   */
  static async start(main: string, host = "127.0.0.1"): Promise<MeasuredService> {
    if (!existsSync(main)) throw new Error("The service is not built: `npm run -s build`");
    const webPort = await freePort();
    const env = {
      WEB_PORT: String(webPort),
      CORS_ORIGIN: `http://${host}:${webPort}`,
      SFU_LISTEN_IP: host,
      SFU_WORKERS: "1",
    };
    return new MeasuredService(await ServiceProcess.start(env, main, host), webPort);
  }

  get port(): number {
    return this.#process.port;
  }

  get http(): string {
    return this.#process.http;
  }

  get ws(): string {
    return this.#process.ws;
  }

  /** The demo page, which joins the room by itself and then only sends what the SDK does. @param settings more settings of the page */
  pageUrl(name: string, room: string, settings: Record<string, string> = {}): string {
    const query = new URLSearchParams({ room, name, autojoin: "1", poll: "0", ...settings });
    return `http://${this.#process.host}:${this.#webPort}/?${query.toString()}`;
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
    const { reason, cause, sinceLastSignMs } = left.detail;
    if (typeof reason !== "string" || typeof sinceLastSignMs !== "number") throw new Error("not how a session leaves");
    return { reason, cause: typeof cause === "string" ? cause : undefined, sinceLastSignMs };
  }

  metrics(): Promise<string> {
    return this.#process.metrics();
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
