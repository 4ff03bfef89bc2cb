import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

/**
 * Finds the mediasoup worker program. npm runs no install scripts in this project, so the package alone does not bring
 * the program. `npm run worker` downloads or builds it into mediasoup's own folder, or into a cache outside the checkout.
 * This file imports no mediasoup and starts nothing, so that scripts can use it.
 */

type Env = Readonly<Record<string, string | undefined>>;

/** `environment`: `MEDIASOUP_WORKER_BIN` names it; `mediasoup`: in the package's folder; `cache`: built earlier. */
export type WorkerSource = "environment" | "mediasoup" | "cache";

export interface WorkerBinary {
  /** Absolute path. */
  path: string;
  source: WorkerSource;
}

/** What a worker binary was built for. On another target it does not run, or speaks another protocol. */
export interface WorkerTarget {
  /** Version of the mediasoup package: the worker refuses any other. */
  mediasoup: string;
  /** As `process.platform`. */
  platform: string;
  /** As `process.arch`. */
  arch: string;
  /** C library and its version, for example `glibc2.36`; `none` on systems where it does not matter. */
  libc: string;
}

const FILE_NAME = process.platform === "win32" ? "mediasoup-worker.exe" : "mediasoup-worker";

/**
 * The worker to use, or undefined when `npm run worker` has not provided one.
 *
 * A file that `MEDIASOUP_WORKER_BIN` names is returned even if it does not exist: the operator wants that file, and a
 * clear start failure helps more than another binary in its place.
 */
export function findWorkerBinary(
  env: Env = process.env,
  packageRoot: string | undefined = findMediasoupRoot(),
): WorkerBinary | undefined {
  const named = env["MEDIASOUP_WORKER_BIN"];
  if (named) return { path: resolve(named), source: "environment" };
  if (packageRoot === undefined) return undefined;
  const released = releasedWorkerPath(packageRoot);
  if (isProgram(released)) return { path: released, source: "mediasoup" };
  const cached = workerCachePath(env, hostTarget(packageRoot));
  if (isProgram(cached)) return { path: cached, source: "cache" };
  return undefined;
}

/** Where mediasoup's own install script puts the worker that it downloads. */
export function releasedWorkerPath(packageRoot: string): string {
  return join(packageRoot, "worker", "out", "Release", FILE_NAME);
}

/**
 * How `npm run worker` builds a worker. Raise it when `scripts/mediasoup-worker` changes what the program does, so that
 * the service does not use a worker that an earlier recipe left in the cache. Recipe 2 builds libwebrtc's bandwidth estimator in:
 * without it a worker sends no transport-cc feedback, and browsers send 84 kbit/s of video.
 */
const BUILD_RECIPE = 2;

/**
 * Where a worker built for `target` is kept: `<cache>/mediasoup-worker/<key>/mediasoup-worker`, where `<cache>` is
 * `LASTSEEN_CACHE_DIR`, or else `lastseen` under `XDG_CACHE_HOME` or `~/.cache`.
 */
export function workerCachePath(env: Env, target: WorkerTarget): string {
  const key = `${target.mediasoup}-${target.platform}-${target.arch}-${target.libc}-recipe${BUILD_RECIPE}`;
  return join(cacheRoot(env), "mediasoup-worker", key, FILE_NAME);
}

/** Describes this machine and the installed mediasoup. Throws when the package in `packageRoot` cannot be read. */
export function hostTarget(packageRoot: string): WorkerTarget {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  const { version } = manifest as { version?: unknown };
  if (typeof version !== "string") throw new Error(`${packageRoot}/package.json has no version`);
  return { mediasoup: version, platform: process.platform, arch: process.arch, libc: hostLibc() };
}

/** Folder of the installed mediasoup package; undefined when it is not installed. */
export function findMediasoupRoot(): string | undefined {
  try {
    // The package does not export its package.json; its main file is node/lib/index.js.
    return dirname(dirname(dirname(createRequire(import.meta.url).resolve("mediasoup"))));
  } catch {
    return undefined;
  }
}

/** Whether the path is a file that this process may execute. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Why a path is not a program, as the end of a sentence; undefined when it is one. */
export function whyNoProgram(path: string): string | undefined {
  if (isProgram(path)) return undefined;
  return existsSync(path) ? "cannot be run: it is no file that this user may execute" : "does not exist";
}

/** The folder, outside the checkout, in which what takes long to make or to fetch is kept for the next checkout. */
export function cacheRoot(env: Env): string {
  const own = env["LASTSEEN_CACHE_DIR"];
  if (own) return resolve(own);
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG specification says to ignore a relative path.
  return join(xdg && isAbsolute(xdg) ? xdg : join(env["HOME"] || homedir(), ".cache"), "lastseen");
}

let libc: string | undefined;

/** A binary linked against one glibc does not run with an older one, nor with musl. */
function hostLibc(): string {
  return (libc ??= process.platform === "linux" ? readLibc() : "none");
}

function readLibc(): string {
  // Without this (Node 20.13 and later) the report looks up the host name of every open socket's peer, one by one.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean | undefined } = process.report;
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    // The report has the version of the glibc that Node runs with. A Node for musl has no such field.
    const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime ? `glibc${header.glibcVersionRuntime}` : "musl";
  } finally {
    report.excludeNetwork = before;
  }
}
