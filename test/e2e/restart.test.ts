import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { until } from "../support/until.js";
import type { Person } from "./person.js";
import { noStageReason, openPage } from "./browsers.js";
import { address, join, onStage } from "./stage.js";

/** A process takes its time to start on a busy machine. */
const START_LIMIT_MS = 90_000;
const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** The built service as a process of its own, with its page, always on the same ports. */
class Deployment {
  readonly webPort: number;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number, webPort: number) {
    this.#port = port;
    this.webPort = webPort;
  }

  static async start(): Promise<Deployment> {
    const deployment = new Deployment(await freePort(), await freePort());
    onTestFinished(async () => void (await deployment.stop("SIGKILL")));
    await deployment.start();
    return deployment;
  }

  async start(): Promise<void> {
    this.#process = spawn(process.execPath, [MAIN], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        LASTSEEN_ENV: "test",
        LOG_LEVEL: "info",
        PORT: String(this.#port),
        WEB_PORT: String(this.webPort),
        SFU_PORT: "0",
        SFU_WORKERS: "1",
        CORS_ORIGIN: `http://127.0.0.1:${this.webPort}`,
      },
    });
    this.#process.stdout?.resume();
    for (const url of [`http://127.0.0.1:${this.#port}/health/ready`, `http://127.0.0.1:${this.webPort}/`]) {
      const answers = () =>
        fetch(url).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(answers, START_LIMIT_MS);
    }
  }

  /** @returns the exit code, or null when it was killed */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return null;
    const ended = once(running, "exit") as Promise<[number | null]>;
    running.kill(signal);
    const [code] = await ended;
    return code;
  }
}

async function enter(deployment: Deployment, name: string): Promise<Person> {
  return join(await openPage(), address(deployment.webPort, name, "daily"), name);
}

describe.skipIf(noStageReason)("the service is restarted under the page", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)(
    onStage("by %s: both are in the call again by themselves"),
    async (signal) => {
      const deployment = await Deployment.start();
      const [ada, bob] = [await enter(deployment, "Ada"), await enter(deployment, "Bob")];
      await Promise.all([ada.hearsAndSees(), bob.hearsAndSees()]);
      const code = await deployment.stop(signal);
      if (signal === "SIGTERM") expect(code).toBe(0);
      await deployment.start();
      await until(async () => (await ada.roster()).length === 2 && (await bob.roster()).length === 2, 60_000);
      await Promise.all([ada.hearsAndSees(60_000), bob.hearsAndSees(60_000)]);
      expect((await ada.roster()).map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
        "Ada present",
        "Bob present",
      ]);
      expect(await ada.disturbances()).toContain("state reconnecting");
    },
  );
});
