import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { command, ensureInstalled, type SystemNeed } from "./system-packages.js";

/** The two ways to a worker binary: mediasoup's own download, and a build from the sources in its npm package. */

export interface SourceContext {
  /** Folder of the installed mediasoup package; only read. */
  packageRoot: string;
  /** Empty folder that the caller removes afterwards; everything is written here. */
  workDir: string;
  say: (line: string) => void;
}

/** `path` lies in the work folder. `reason` is for people. */
export type Obtained = { kind: "obtained"; path: string } | { kind: "unavailable"; reason: string };

/** A connection that has not brought the first byte by then is not waited for. */
const FIRST_BYTE_LIMIT_MS = 20_000;
const DOWNLOAD_LIMIT_MS = 180_000;
/** Processor time of one build, measured with g++ 12 on an x86-64 server. */
const BUILD_CPU_SECONDS = 390;

/**
 * Runs mediasoup's install script as npm would have. It works relative to the current folder, so that in the work folder
 * it never leaves half a file in `node_modules`; with `PYTHON=false` its own fallback, a build with tools from the
 * Internet, ends before it begins.
 */
export async function downloadWorker({ packageRoot, workDir, say }: SourceContext): Promise<Obtained> {
  if (process.env["MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD"]) {
    return { kind: "unavailable", reason: "MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD is set" };
  }
  say("asking mediasoup's install script for its prebuilt worker");
  const releaseDir = join(workDir, "worker", "out", "Release");
  const child = spawn(process.execPath, [join(packageRoot, "npm-scripts.mjs"), "postinstall"], {
    cwd: workDir,
    env: { ...process.env, PYTHON: "false", PYTHONPATH: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (log += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  let timedOut = false;
  const stop = (): void => {
    timedOut = true;
    child.kill("SIGKILL");
  };
  // The script makes that folder once the server has answered.
  const firstByte = setTimeout(() => existsSync(releaseDir) || stop(), FIRST_BYTE_LIMIT_MS);
  const whole = setTimeout(stop, DOWNLOAD_LIMIT_MS);
  const code = await exitCode(child);
  clearTimeout(firstByte);
  clearTimeout(whole);

  if (timedOut) return { kind: "unavailable", reason: "the download took too long" };
  const name = process.platform === "win32" ? "mediasoup-worker.exe" : "mediasoup-worker";
  const path = join(releaseDir, name);
  if (code === 0 && existsSync(path)) return { kind: "obtained", path };
  const failure = log.split("\n").find((line) => line.includes("downloadPrebuiltWorker() |"));
  const reason = failure?.slice(failure.indexOf("|") + 1).trim() ?? `the script ended with code ${code}`;
  return { kind: "unavailable", reason };
}

/** Compiles the worker; `scripts/mediasoup-worker/Makefile` tells how. Installs compiler and headers if it may. */
export async function buildWorker({ packageRoot, workDir, say }: SourceContext): Promise<Obtained> {
  if (process.platform !== "linux") {
    return { kind: "unavailable", reason: `building it is prepared for Linux only, not for ${process.platform}` };
  }
  const shortfall = ensureInstalled(buildNeeds(), say);
  if (shortfall) return { kind: "unavailable", reason: shortfall.advice };

  const makefile = fileURLToPath(new URL("mediasoup-worker/Makefile", import.meta.url));
  const common = ["-f", makefile, `WORKER=${join(packageRoot, "worker")}`, `OUT=${workDir}`];
  const files = Number(spawnSync("make", ["-s", ...common, "count"], { encoding: "utf8" }).stdout);
  const jobs = compileJobs();
  const minutes = Math.max(1, Math.ceil(BUILD_CPU_SECONDS / 60 / jobs));
  say(`compiling ${files} files from mediasoup's sources with ${jobs} job(s): about ${minutes} min, once`);

  const child = spawn("make", [`-j${jobs}`, ...common], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-4000)));
  let started = 0;
  createInterface(child.stdout).on("line", (line) => {
    if (line.startsWith("CC ")) started += 1;
  });
  const progress = setInterval(() => say(`  ${started} of ${files} files`), 30_000);
  const code = await exitCode(child);
  clearInterval(progress);
  if (code === 0) return { kind: "obtained", path: join(workDir, "mediasoup-worker") };
  return { kind: "unavailable", reason: `the build failed:\n${errors.trim()}` };
}

function buildNeeds(): SystemNeed[] {
  return [
    command("g++", "g++"),
    command("make", "make"),
    command("flatc", "flatbuffers-compiler"),
    header("flatbuffers/flatbuffers.h", "libflatbuffers-dev"),
    header("uv.h", "libuv1-dev"),
    header("openssl/ssl.h", "libssl-dev"),
    header("srtp2/srtp.h", "libsrtp2-dev"),
    header("absl/base/config.h", "libabsl-dev"),
  ];
}

/** Asks the compiler, so that headers from elsewhere than a Debian package count as well. */
function header(name: string, ...packages: string[]): SystemNeed {
  const present = (): boolean =>
    spawnSync("g++", ["-E", "-x", "c++", "-o", "/dev/null", "-"], { input: `#include <${name}>\n`, stdio: "pipe" })
      .status === 0;
  return { name, packages, present };
}

/** One compiler process takes up to 0.7 GB. */
function compileJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / 0.7e9)));
}

function exitCode(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
}
