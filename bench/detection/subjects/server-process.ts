import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../../../test/support/free-port.js";
import { until } from "../../../test/support/until.js";
import type { Subject } from "./subject.js";

const START_TIMEOUT_MS = 60_000;
/** Then somebody who deploys loses patience too. */
const STOP_TIMEOUT_MS = 30_000;

/** They end with the bench at the latest. */
const running = new Set<ServerProcess>();
process.once("exit", () => running.forEach((server) => server.kill()));

/** The server of one system in a process of its own. */
export class ServerProcess {
  readonly subject: Subject;
  readonly port: number;
  #child: ChildProcess;

  private constructor(subject: Subject, port: number) {
    this.subject = subject;
    this.port = port;
    this.#child = this.#spawn();
    running.add(this);
  }

  /** Starts it and waits until it takes clients. */
  static async start(subject: Subject): Promise<ServerProcess> {
    const server = new ServerProcess(subject, await freePort());
    await server.#ready();
    return server;
  }

  /** Where it is reached. */
  url(host = "127.0.0.1"): string {
    return this.subject.url(host, this.port);
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(name);
  }

  /** As a deployment does: asks it to end, and starts it again on the same port. */
  async restart(): Promise<void> {
    await this.stop();
    this.#child = this.#spawn();
    await this.#ready();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await Promise.race([ended, pause(STOP_TIMEOUT_MS)]);
    child.kill("SIGKILL");
    await ended;
  }

  #ready(): Promise<void> {
    return until(() => this.subject.isReady(this.port), START_TIMEOUT_MS);
  }

  #spawn(): ChildProcess {
    const { command, args, env } = this.subject.server(this.port);
    const { PATH, HOME } = process.env;
    return spawn(command, args, { stdio: ["ignore", "ignore", "inherit"], env: { PATH, HOME, ...env } });
  }
}
