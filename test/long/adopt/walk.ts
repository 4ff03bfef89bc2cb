import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";
import { PACKAGES } from "../../integration/package/entry-points.js";
import type { Tarball } from "../../integration/package/tarballs.js";
import { freePort } from "../../support/free-port.js";
import type { Step } from "../../support/guide.js";

/** Which of our packages a package needs. npm cannot fetch them before they are published. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  lastseen: ["@lastseen/client", "@lastseen/protocol"],
  "@lastseen/client": ["@lastseen/protocol"],
  "@lastseen/agent": ["@lastseen/protocol"],
};
/** The ports that the guide names, of the product and of the service. */
const PORTS = ["3000", "3001"] as const;

/** npm as the guide's reader has it, but without downloads where its cache has the package, and without a compiler for the worker. */
const NPM = { npm_config_ignore_scripts: "true", npm_config_prefer_offline: "true", npm_config_audit: "false" };

/** Somebody who follows the guide in an empty folder outside of the repository. Ends with the test, with all that was started. */
export class Walk {
  /** What the started programs have written. */
  output = "";
  readonly #tarballs: ReadonlyMap<string, Tarball>;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #env: NodeJS.ProcessEnv;
  #folder: string;

  private constructor(folder: string, ports: ReadonlyMap<string, number>, tarballs: ReadonlyMap<string, Tarball>) {
    this.#folder = folder;
    this.#ports = ports;
    this.#tarballs = tarballs;
    const { path: worker = "" } = findWorkerBinary() ?? {};
    this.#env = { ...process.env, ...NPM, MEDIASOUP_WORKER_BIN: worker, SFU_PORT: "0" };
  }

  /** @param tarballs of our packages, by their names */
  static async begin(tarballs: ReadonlyMap<string, Tarball>): Promise<Walk> {
    const folder = await mkdtemp(join(tmpdir(), "lastseen-adopt-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
    const ports = new Map<string, number>();
    for (const port of PORTS) ports.set(port, await freePort());
    return new Walk(folder, ports, tarballs);
  }

  /** An address that the guide names, as it is in this walk. */
  address(named: string): string {
    return this.#local(named);
  }

  async follow(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === "file") await this.#write(step.path, step.text);
      if (step.kind === "run") await this.#run(step.commands);
      if (step.kind === "start") this.#start(step.commands);
    }
  }

  async #write(path: string, text: string): Promise<void> {
    const file = join(this.#folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, this.#local(text));
  }

  /** The next commands begin in the folder in which these end, as in the reader's terminal. */
  async #run(commands: string): Promise<void> {
    const script = `set -e\n${this.#local(this.#fromTarballs(commands))}\npwd >&3`;
    const { stdout } = await promisify(execFile)("bash", ["-c", `{ ${script}\n} 3>&1 >&2`], {
      cwd: this.#folder,
      env: this.#env,
    });
    this.#folder = stdout.trim();
  }

  #start(commands: string): void {
    const options = { cwd: this.#folder, env: this.#env, detached: true };
    const child = spawn("bash", ["-e", "-c", this.#local(commands)], options);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    onTestFinished(() => endGroup(child));
  }

  /** The packages of this repository come from tarballs. Everything else comes from where the reader gets it. */
  #fromTarballs(commands: string): string {
    return commands.replaceAll(/^npm install .*$/gm, (line) => {
      const words = line.split(" ");
      const own = words.filter((word) => (PACKAGES as readonly string[]).includes(word));
      if (own.length === 0) return line;
      const all = new Set(own.flatMap((name) => [name, ...(NEEDS[name] ?? [])]));
      const paths = [...all].map((name) => this.#tarballs.get(name)?.path ?? name);
      return [...words.filter((word) => !own.includes(word)), ...paths].join(" ");
    });
  }

  #local(text: string): string {
    return text.replaceAll(/\b300[01]\b/g, (port) => String(this.#ports.get(port) ?? port));
  }
}

/** Ends a shell and what it has started. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  process.kill(-child.pid, "SIGKILL");
  await once(child, "exit");
}
