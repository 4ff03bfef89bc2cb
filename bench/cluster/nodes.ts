import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../../test/support/until.js";
import type { RedisUnderTest } from "./redis-under-test.js";

const PROGRAM = fileURLToPath(new URL("nodes-process.ts", import.meta.url));

/** Nodes of the service in a process of their own. */
export class Nodes {
  readonly urls: readonly string[];
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, urls: readonly string[]) {
    this.#process = child;
    this.urls = urls;
  }

  static async start(count: number, { url, tags }: RedisUnderTest, name: string): Promise<Nodes> {
    const settings = [url, String(Math.max(1, tags.length))];
    const child = fork(PROGRAM, [String(count), ...settings, name], { execArgv: ["--import", "tsx"] });
    const failed = once(child, "exit").then(() => Promise.reject(new Error("the nodes did not start; see above")));
    const [urls] = (await Promise.race([once(child, "message"), failed])) as [string[]];
    return new Nodes(child, urls);
  }

  /** Resolves when the node with this URL sees so many nodes. */
  async see(count: number, [url] = this.urls): Promise<void> {
    const seen = async (): Promise<boolean> =>
      (await (await fetch(`${url}/metrics`)).text()).includes(`\nlastseen_nodes_seen ${count}\n`);
    await until(seen, 60_000);
  }

  /** Ends all of them at once, as when their machine loses its power. */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exit;
  }
}
