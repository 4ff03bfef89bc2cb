import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import type { Programs } from "../compile.js";
import type { Kind } from "../client/dialects.js";
import { ask } from "./ask.js";
import type { LoopDelay, MeterCommands } from "./meter.js";

const START_TIMEOUT_MS = 20_000;
/** Number of new starts when another process has taken the server's port. */
const STARTS = 3;
/** Settings of Lastseen that differ from production: no login, no media, no limit for pings and for this one address, and long deadlines. */
const LASTSEEN_SETTINGS = {
  LASTSEEN_ENV: "test",
  SFU_WORKERS: "0",
  LOG_LEVEL: "info",
  // One address may have one in forty of all sockets without a hello; in a storm that is everybody.
  MAX_CONNECTIONS: "800000",
  MAX_CONNECTIONS_PER_ADDRESS: "800000",
  MAX_MESSAGES_PER_SECOND: "100000",
  HELLO_TIMEOUT_MS: "60000",
};

interface Program {
  name: string;
  path: string;
  env: Readonly<Record<string, string>>;
}

/** One server in a process of its own; all kinds are started with the same Node options. */
export class ServerUnderTest {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /**
   * Starts a server and waits until it takes connections. Its output goes to a file, as a log does in production.
   *
   * @param options further options of `node`
   */
  static async start(kind: Kind, programs: Programs, options: readonly string[] = []): Promise<ServerUnderTest> {
    return ServerUnderTest.startProgram({ name: kind, path: programs.servers[kind], env: {} }, programs, options);
  }

  /**
   * The same for a program that is no kind of the bench.
   *
   * @param program `name` is that of its log
   */
  static async startProgram(
    program: Program,
    programs: Programs,
    options: readonly string[] = [],
  ): Promise<ServerUnderTest> {
    for (let start = 1; ; start += 1) {
      try {
        return await ServerUnderTest.#startOnce(program, programs, options);
      } catch (error) {
        if (start === STARTS) throw error;
      }
    }
  }

  static async #startOnce(
    { name, path, env }: Program,
    programs: Programs,
    options: readonly string[],
  ): Promise<ServerUnderTest> {
    const port = await freePort();
    const log = openSync(join(programs.directory, `${name}.log`), "w");
    const child = spawn(process.execPath, ["--expose-gc", "--import", programs.meter, ...options, path], {
      env: { PATH: process.env["PATH"], NODE_ENV: "production", PORT: String(port), ...LASTSEEN_SETTINGS, ...env },
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    const server = new ServerUnderTest(child, port);
    try {
      await server.#untilListening();
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
    return server;
  }

  /** CPU time used so far, in microseconds. */
  cpu(): Promise<number> {
    return ask<MeterCommands, "cpu">(this.#child, "cpu", null);
  }

  /** Bytes after garbage collection. */
  memory(): Promise<{ rss: number; heap: number }> {
    return ask<MeterCommands, "memory">(this.#child, "memory", null);
  }

  /** Begins to measure how late its event loop is. */
  watchLoop(): Promise<void> {
    return ask<MeterCommands, "watchLoop">(this.#child, "watchLoop", null);
  }

  loopDelay(): Promise<LoopDelay> {
    return ask<MeterCommands, "loopDelay">(this.#child, "loopDelay", null);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  async #untilListening(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await accepts(this.port))) {
      if (this.#child.exitCode !== null) throw new Error(`the server ended with code ${this.#child.exitCode}`);
      if (performance.now() > deadline) throw new Error("the server did not start in time");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
