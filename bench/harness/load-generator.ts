import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Programs } from "../compile.js";
import type { Kind } from "../client/dialects.js";
import type { LoadCommands, Storm } from "../client/load.js";
import { ask } from "./ask.js";

/** The clients of one server. They have their own process, so that their work does not count as the server's. */
export class LoadGenerator {
  readonly #child: ChildProcess;
  readonly #target: { kind: Kind; port: number };

  constructor(programs: Programs, kind: Kind, port: number) {
    this.#child = fork(programs.load, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#target = { kind, port };
  }

  /** Opens sockets and sends nothing on them. */
  connect(count: number): Promise<void> {
    return ask<LoadCommands, "connect">(this.#child, "connect", { ...this.#target, count });
  }

  /** Takes one step of the protocol's greeting on each socket that has not taken it. */
  greet(step: number): Promise<void> {
    return ask<LoadCommands, "greet">(this.#child, "greet", step);
  }

  /** Pings evenly over time and over the sockets. Returns how many were answered: all. */
  pace(perSecond: number, durationMs: number): Promise<number> {
    return ask<LoadCommands, "pace">(this.#child, "pace", { perSecond, durationMs });
  }

  /** Pings on every socket as soon as the ping before is answered. Returns how many were answered. */
  saturate(durationMs: number): Promise<number> {
    return ask<LoadCommands, "saturate">(this.#child, "saturate", durationMs);
  }

  /** Breaks all connections, and lets all clients come back at once. Returns after how many milliseconds the last one is back. */
  storm(): Promise<Storm> {
    return ask<LoadCommands, "storm">(this.#child, "storm", this.#target.port);
  }

  /** Ends the sockets and the process. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    await ask<LoadCommands, "reset">(this.#child, "reset", null).catch(() => {});
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
