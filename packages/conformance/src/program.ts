import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

const LAST_WORDS = 2_000;
/** How long the program may take to end after SIGTERM. */
const END_MS = 3_000;
const LOOK_MS = 50;

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

  /** Asks it to end, as an operator does. */
  terminate(): void {
    this.#signal("SIGTERM");
  }

  /** Ends it, and all that it has started; by force what does not end by itself. */
  async stop(): Promise<void> {
    this.#signal("SIGTERM");
    const deadline = performance.now() + END_MS;
    while (this.#isAlive && performance.now() < deadline) await pause(LOOK_MS);
    this.#signal("SIGKILL");
  }

  /** The shell may have ended before the program that it started. */
  get #isAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    if (process.platform === "win32") return exitCode === null && signalCode === null;
    return pid !== undefined && isSent(() => process.kill(-pid, 0));
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || !this.#isAlive) return;
    if (process.platform === "win32") spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore" });
    else isSent(() => process.kill(-pid, signal));
  }
}

/** @returns `false` when there is no such process any more */
function isSent(send: () => void): boolean {
  try {
    send();
    return true;
  } catch {
    return false;
  }
}
