import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { CrowdOptions, CrowdQuestion, Heartbeats, Member, Returning } from "./crowd.js";

const FILE = fileURLToPath(new URL("./crowd-process.ts", import.meta.url));

/** A {@link Crowd} in its own process. It ends with the test. */
export class RemoteCrowd {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Resolves when all clients have joined. */
  static async enter(options: CrowdOptions): Promise<RemoteCrowd> {
    const child = fork(FILE, [JSON.stringify(options)], { execArgv: ["--import", "tsx"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const [said] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
    if (said !== "ready") throw new Error(`the crowd ${options.name} did not come in: ${String(said)}`);
    return new RemoteCrowd(child);
  }

  heartbeats(): Promise<Heartbeats> {
    return this.#ask({ ask: "heartbeats" });
  }

  members(): Promise<Member[]> {
    return this.#ask({ ask: "members" });
  }

  missing(): Promise<{ onTheWay: number; lostBy: string[] }> {
    return this.#ask({ ask: "missing" });
  }

  returnTo(urls: readonly string[], who: Returning): Promise<void> {
    return this.#ask({ ask: "returnTo", urls, who });
  }

  close(): Promise<void> {
    return this.#ask({ ask: "close" });
  }

  async #ask<T>(question: CrowdQuestion): Promise<T> {
    const answered = once(this.#process, "message");
    this.#process.send(question);
    const [answer] = (await answered) as [T];
    return answer;
  }
}
