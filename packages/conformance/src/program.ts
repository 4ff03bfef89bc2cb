import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

const LAST_WORDS = 2_000;
/** How long the program may take to end after SIGTERM. */
const END_MS = 3_000;

/** What the program learns from its environment. */
export interface ProgramEnvironment {
  /** Where to connect; `{url}` in the command is the same. */
  readonly LASTSEEN_URL: string;
  /** `GET` it for a new token before each hello. */
  readonly LASTSEEN_TOKEN_URL: string;
  readonly LASTSEEN_ROOM: string;
}

/** The program under test, with everything that it has started. */
export class Program {
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream
        ?.setEncoding("utf8")
        .on("data", (text: string) => (this.#output = (this.#output + text).slice(-LAST_WORDS)));
    }
  }

  /** @param command for the shell; `{url}` in it is replaced */
  static start(command: string, environment: ProgramEnvironment): Program {
    const child = spawn(command.replaceAll("{url}", environment.LASTSEEN_URL), {
      shell: true,
      // A group of its own, so that it ends with all that the shell has started.
      detached: process.platform !== "win32",
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    // Then it ends at once, and its output says why.
    child.on("error", () => {});
    return new Program(child);
  }

  /** The last that it wrote. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Asks it to end, as an operator does. */
  terminate(): void {
    this.#signal("SIGTERM");
  }

  /** Ends it, by force if it does not end by itself. */
  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.#child, "exit");
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), END_MS);
    await ended;
    clearTimeout(timer);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.hasEnded) return;
    if (process.platform === "win32") spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore" });
    else process.kill(-pid, signal);
  }
}
