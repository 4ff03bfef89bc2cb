import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { createWorker } from "mediasoup";
import {
  findMediasoupRoot,
  findWorkerBinary,
  hostTarget,
  workerCachePath,
  type WorkerBinary,
} from "../src/media/workers/worker-binary.js";
import { buildWorker, downloadWorker, type Obtained, type SourceContext } from "./worker-sources.js";

/**
 * Sees to it that there is a mediasoup worker that runs here: the one that is there already, else mediasoup's own
 * download, else a build. Downloaded or built, it goes to the cache outside the checkout, so that the next `npm ci` or
 * the next checkout finds it.
 */

export type Provided = { kind: "ready"; binary: WorkerBinary; note: string } | { kind: "unavailable"; reason: string };

const CHECK_LIMIT_MS = 15_000;
const WORK_DIR_PREFIX = "work-";
/** No download or build takes that long: what is older was left behind by one that was killed. */
const LEFTOVER_AFTER_MS = 6 * 3_600_000;

export async function provideWorker(say: (line: string) => void): Promise<Provided> {
  const packageRoot = findMediasoupRoot();
  if (packageRoot === undefined) return { kind: "unavailable", reason: "mediasoup is not installed: type npm ci" };
  const target = hostTarget(packageRoot);

  const found = findWorkerBinary(process.env, packageRoot);
  if (found) {
    const problem = await problemOf(found.path);
    if (problem === undefined) return { kind: "ready", binary: found, note: `mediasoup ${target.mediasoup}` };
    if (found.source === "environment") {
      return { kind: "unavailable", reason: `MEDIASOUP_WORKER_BIN=${found.path} does not work: ${problem}` };
    }
    // Aside and not away: the same folder may be mounted on another machine where it does run.
    try {
      renameSync(found.path, `${found.path}.unusable`);
    } catch (error) {
      return {
        kind: "unavailable",
        reason: `${found.path} does not work (${problem}) and cannot be moved: ${String(error)}`,
      };
    }
    say(`${found.path} does not work here (${problem}); moved it aside`);
    // Without this one, the next place to look may have another.
    return provideWorker(say);
  }

  const cachePath = workerCachePath(process.env, target);
  const shelf = dirname(dirname(cachePath));
  mkdirSync(dirname(cachePath), { recursive: true });
  removeLeftovers(shelf);
  const attempts = [
    { how: "downloaded", obtain: downloadWorker },
    { how: "built", obtain: buildWorker },
  ];
  let reason = "";
  for (const { how, obtain } of attempts) {
    if (reason) say(reason);
    const startedAt = performance.now();
    const outcome = await obtainIn(shelf, cachePath, { packageRoot, say }, obtain);
    if (outcome.kind === "obtained") {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      const note = `mediasoup ${target.mediasoup}, ${how} in ${seconds} s`;
      return { kind: "ready", binary: { path: outcome.path, source: "cache" }, note };
    }
    reason = `not ${how}: ${outcome.reason}`;
  }
  return { kind: "unavailable", reason };
}

/**
 * Obtains and checks it in a folder of its own beside the cache's entry, then moves it there in one step: two of us at
 * once do the work twice, and each finds a whole file.
 */
async function obtainIn(
  shelf: string,
  cachePath: string,
  context: Omit<SourceContext, "workDir">,
  obtain: (context: SourceContext) => Promise<Obtained>,
): Promise<Obtained> {
  const workDir = mkdtempSync(join(shelf, WORK_DIR_PREFIX));
  const clean = (): void => rmSync(workDir, { recursive: true, force: true });
  const interrupted = (signal: NodeJS.Signals): void => {
    clean();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const outcome = await obtain({ ...context, workDir });
    if (outcome.kind !== "obtained") return outcome;
    chmodSync(outcome.path, 0o755);
    const problem = await problemOf(outcome.path);
    if (problem !== undefined) return { kind: "unavailable", reason: `it does not work: ${problem}` };
    renameSync(outcome.path, cachePath);
    return { kind: "obtained", path: cachePath };
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    clean();
  }
}

/** Starts the worker, asks it something and stops it. Undefined when it answered. */
async function problemOf(path: string): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${CHECK_LIMIT_MS / 1000} s`)), CHECK_LIMIT_MS);
  });
  try {
    await Promise.race([startAndAsk(path), tooLate]);
    return undefined;
  } catch (error) {
    return whyItEnds(path) ?? (error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** What the program itself says, for example which library it misses: mediasoup does not pass that on. */
function whyItEnds(path: string): string | undefined {
  const { error, status, signal, stderr } = spawnSync(path, [], { env: {}, timeout: 5000, encoding: "utf8" });
  if (error) return undefined;
  return stderr.trim().split("\n")[0] || `it ends at once with ${signal ?? `code ${status}`}`;
}

async function startAndAsk(path: string): Promise<void> {
  const worker = await createWorker({ workerBin: path, logLevel: "error" });
  try {
    await worker.dump();
  } finally {
    worker.close();
  }
}

/** A copy for somebody else, for example a container image, that is whole or not there. */
export function copyWorker(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const part = `${to}.${process.pid}.part`;
  copyFileSync(from, part);
  chmodSync(part, 0o755);
  renameSync(part, to);
}

function removeLeftovers(shelf: string): void {
  for (const name of readdirSync(shelf)) {
    if (!name.startsWith(WORK_DIR_PREFIX)) continue;
    const path = join(shelf, name);
    try {
      if (Date.now() - statSync(path).mtimeMs > LEFTOVER_AFTER_MS) rmSync(path, { recursive: true, force: true });
    } catch {
      // Its owner, or another of us, has just removed it.
    }
  }
}
