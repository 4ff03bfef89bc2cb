import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { AGENT_TOKEN } from "../../support/secrets.js";
import { until } from "../../support/until.js";

const PROGRAM = fileURLToPath(new URL("../../../examples/express-socketio/start.js", import.meta.url));

/** `examples/express-socketio` in a process of its own, with an agent in it, and Lastseen elsewhere. It ends with the test. */
export class ExampleProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** @param lastseen the address of the service */
  static async start(port: number, lastseen: string): Promise<ExampleProcess> {
    const env = { ...process.env, PORT: String(port), LASTSEEN_URL: lastseen, AGENT_TOKEN };
    const child = spawn(process.execPath, [PROGRAM], { env, stdio: ["ignore", "ignore", "inherit"] });
    const example = new ExampleProcess(`http://localhost:${port}`, child);
    onTestFinished(() => example.kill());
    await until(() =>
      fetch(`${example.url}/settings`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return example;
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
