import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { AGENT_TOKEN } from "../../support/secrets.js";
import type { MediaAnswer, MediaRequest } from "./media-process.js";

const PROGRAM = fileURLToPath(new URL("media-process.ts", import.meta.url));

type Wish = MediaRequest extends infer R ? (R extends MediaRequest ? Omit<R, "id"> : never) : never;

/** A media server with an agent, in a process of its own that ends with the test. */
export class MediaProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (ids: string[]) => void>();
  #nextId = 1;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", ({ id, ids }: MediaAnswer) => this.#waiting.get(id)?.(ids));
  }

  static async start(url: string, name: string): Promise<MediaProcess> {
    const child = fork(PROGRAM, [url, AGENT_TOKEN, name], { execArgv: ["--import", "tsx"], stdio: "inherit" });
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    const media = new MediaProcess(child);
    await new Promise<void>((resolve) => media.#waiting.set(0, () => resolve()));
    return media;
  }

  /** Makes a transport for a session. */
  async make(sessionId: string): Promise<string> {
    const [id = ""] = await this.#ask({ what: "make", sessionId });
    return id;
  }

  /** Everything that the worker holds, from its own dump. */
  async held(): Promise<ReadonlySet<string>> {
    return new Set(await this.#ask({ what: "held" }));
  }

  signal(name: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    this.#child.kill(name);
  }

  #ask(wish: Wish): Promise<string[]> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, ...wish });
    });
  }
}
