import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findValkey } from "../../scripts/valkey.js";
import { freePort } from "./free-port.js";

const valkey = findValkey();
/** `REDIS_SERVER` names another program, for example `valkey-server`. Then all tests that need Redis run against it. */
const named = process.env["REDIS_SERVER"] ?? "redis-server";
const PROGRAM = named === "valkey-server" ? (valkey ?? named) : named;

/** Why tests with a real Redis cannot run here; undefined when they can. */
export const noRedisReason: string | undefined =
  spawnSync(PROGRAM, ["--version"]).status === 0 ? undefined : `there is no ${PROGRAM}`;

/** The servers that the contract suites run against: each with its name, its program, and why it cannot run here. */
export const SERVERS: readonly (readonly [name: string, program: string, missing: string | undefined])[] = [
  ["Redis", PROGRAM, noRedisReason],
  ["Valkey", valkey ?? "", noRedisReason ?? (valkey === undefined ? "there is no valkey-server" : undefined)],
];

const run = promisify(execFile);

export interface RedisServerOptions {
  /** A free port, if not given. */
  port?: number;
  /** Lines of a configuration file. */
  config?: readonly string[];
  sentinel?: boolean;
  /** What {@link RedisServer.cli} says, where the configuration asks for a password. */
  password?: string;
  /** The program of the server. */
  program?: string;
}

/** A real Redis process on loopback. It keeps nothing on disk unless its configuration says so. */
export class RedisServer {
  readonly port: number;
  /** Its working folder; removed at the end. */
  readonly folder: string;
  /** What {@link cli} says; empty: nothing. */
  password = "";
  readonly #process: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.folder = folder;
    this.#process = child;
  }

  /** Starts a Redis and waits until it accepts connections. The caller must stop it. */
  static async start({
    port,
    config = [],
    sentinel = false,
    password = "",
    program = PROGRAM,
  }: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-redis-"));
    const chosen = port ?? (await freePort());
    const file = join(folder, "redis.conf");
    // A sentinel has no settings for persistence.
    const lines = [`port ${chosen}`, "bind 127.0.0.1", `dir ${folder}`, ...(sentinel ? [] : ['save ""']), ...config];
    writeFileSync(file, lines.join("\n"));
    const child = spawn(program, [file, ...(sentinel ? ["--sentinel"] : [])], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const server = new RedisServer(chosen, folder, child);
    server.password = password;
    try {
      await saying(child, /Ready to accept connections|Sentinel ID is/);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Runs redis-cli and returns its output. */
  async cli(...args: string[]): Promise<string> {
    const { stdout } = await run("redis-cli", ["-p", String(this.port), ...args], {
      timeout: 20_000,
      env: { ...process.env, ...(this.password && { REDISCLI_AUTH: this.password }) },
    });
    return stdout.trim();
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process.kill(name);
  }

  /** Kills Redis, as a crash would. Idempotent. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function saying(child: ChildProcess, what: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}: ${said}`)));
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      // Later output is only read, so that the pipe does not fill up.
      if (what.test(said)) return;
      said += chunk;
      if (what.test(said)) resolve();
    });
  });
}
