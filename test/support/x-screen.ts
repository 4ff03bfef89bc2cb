/** A screen of a test's own, which nobody sees: Xvfb. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { findCommand } from "../../scripts/system-packages.js";

/** Where an X server writes the number of its display. */
const DISPLAY_FD = 3;
const PROGRAM = "Xvfb";

export class XScreen {
  /** For example `:1`. */
  readonly display: string;
  readonly #server: ChildProcess;

  private constructor(server: ChildProcess, display: string) {
    this.#server = server;
    this.display = display;
  }

  static isThere(): boolean {
    return findCommand(PROGRAM, process.env["PATH"]) !== undefined;
  }

  static async start(): Promise<XScreen> {
    const options = ["-displayfd", String(DISPLAY_FD), "-screen", "0", "1100x760x24", "-nolisten", "tcp"];
    const server = spawn(PROGRAM, options, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    const [number] = (await once(server.stdio[DISPLAY_FD] as Readable, "data")) as [Buffer];
    return new XScreen(server, `:${number.toString().trim()}`);
  }

  async close(): Promise<void> {
    await ended(this.#server);
  }
}

/** Ends a process that this one has started, and waits for its end. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
