import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findCommand } from "../../../scripts/system-packages.js";
import {
  findMediasoupRoot,
  findWorkerBinary,
  hostTarget,
  releasedWorkerPath,
  workerCachePath,
} from "../../../src/media/workers/worker-binary.js";
import { checkout, run, type Ended } from "./run-script.js";

/**
 * `npm run worker` with an empty cache and a download server of our own. The build is not tried here (it takes minutes):
 * with a `PATH` on which there is neither compiler nor apt-get it ends by saying what it needs.
 */

const packageRoot = findMediasoupRoot() ?? "";
const real = findWorkerBinary();
const ownWorker = existsSync(releasedWorkerPath(packageRoot));

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lastseen-worker-"));
});

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function downloadsFrom(listener: RequestListener): Promise<NodeJS.ProcessEnv> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const name of ["sh", "false"]) symlinkSync(findCommand(name) ?? `/bin/${name}`, join(bin, name));
  return {
    HOME: folder,
    PATH: bin,
    LASTSEEN_CACHE_DIR: join(folder, "cache"),
    MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
}

function runWorkerScript(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
  const tsx = join(checkout, "node_modules/tsx/dist/cli.mjs");
  return run(process.execPath, [tsx, `${checkout}scripts/worker.ts`, ...args], env);
}

/** The archive that mediasoup publishes: the worker alone, gzipped. */
function archive(path: string): Buffer {
  const packed = join(folder, "worker.tgz");
  copyFileSync(path, join(folder, "mediasoup-worker"));
  spawnSync("tar", ["-czf", packed, "-C", folder, "mediasoup-worker"]);
  return readFileSync(packed);
}

/** Everything in the cache but the finished entry. */
function leftovers(): string[] {
  const shelf = join(folder, "cache", "mediasoup-worker");
  const entry = dirname(workerCachePath({ LASTSEEN_CACHE_DIR: join(folder, "cache") }, hostTarget(packageRoot)));
  const inEntry = existsSync(entry) ? readdirSync(entry).filter((name) => name !== "mediasoup-worker") : [];
  return [...readdirSync(shelf).filter((name) => join(shelf, name) !== entry), ...inEntry];
}

const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

test("a worker that can be downloaded goes to the cache, and the next time one line says so", async ({ skip }) => {
  skip(!real || ownWorker, "needs a worker in the cache, and none in mediasoup's own folder");
  const packed = archive(real?.path ?? "");
  const env = await downloadsFrom((_, response) => response.end(packed));
  const first = await runWorkerScript(env, "--copy-to", join(folder, "image", "mediasoup-worker"));
  expect(first.stderr).toBe("");
  expect(first.code).toBe(0);
  expect(first.stdout).toContain("downloaded in");

  const path = workerCachePath(env, hostTarget(packageRoot));
  expect(digest(path)).toBe(digest(real?.path ?? ""));
  expect(digest(join(folder, "image", "mediasoup-worker"))).toBe(digest(path));
  expect(leftovers()).toEqual([]);

  const second = await runWorkerScript(env);
  expect(second).toMatchObject({ code: 0, stderr: "" });
  expect(second.stdout.trim().split("\n")).toHaveLength(1);
});

test("two at once both end with the whole worker", async ({ skip }) => {
  skip(!real || ownWorker, "needs a worker in the cache, and none in mediasoup's own folder");
  const packed = archive(real?.path ?? "");
  const env = await downloadsFrom((_, response) => response.end(packed));
  const both = await Promise.all([runWorkerScript(env), runWorkerScript(env)]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(digest(workerCachePath(env, hostTarget(packageRoot)))).toBe(digest(real?.path ?? ""));
  expect(leftovers()).toEqual([]);
});

test("a download that breaks off leaves nothing, and what to type is said", async ({ skip }) => {
  skip(!real || ownWorker, "needs a worker in the cache, and none in mediasoup's own folder");
  const packed = archive(real?.path ?? "");
  const env = await downloadsFrom((_, response) => {
    response.writeHead(200, { "content-length": packed.length });
    response.write(packed.subarray(0, packed.length / 2), () => response.destroy());
  });
  const { code, stdout, stderr } = await runWorkerScript(env);
  expect(code).toBe(1);
  expect(stdout).toContain("not downloaded");
  expect(stderr).toContain(
    "g++ make flatbuffers-compiler libflatbuffers-dev libuv1-dev libssl-dev libsrtp2-dev libabsl-dev",
  );
  expect(existsSync(workerCachePath(env, hostTarget(packageRoot)))).toBe(false);
  expect(leftovers()).toEqual([]);
});

test("a cached worker that does not run is moved aside and replaced", async ({ skip }) => {
  skip(!real || ownWorker, "needs a worker in the cache, and none in mediasoup's own folder");
  const packed = archive(real?.path ?? "");
  const env = await downloadsFrom((_, response) => response.end(packed));
  const path = workerCachePath(env, hostTarget(packageRoot));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "#!/bin/sh\necho libuv.so.1 is missing >&2\nexit 127\n", { mode: 0o755 });
  const { code, stdout } = await runWorkerScript(env);
  expect(code).toBe(0);
  expect(stdout).toContain("does not work here (libuv.so.1 is missing); moved it aside");
  expect(statSync(path).size).toBe(statSync(real?.path ?? "").size);
});

test("a worker named by MEDIASOUP_WORKER_BIN is never replaced by another", async () => {
  const env = await downloadsFrom((_, response) => response.writeHead(404).end());
  const { code, stderr } = await runWorkerScript({ ...env, MEDIASOUP_WORKER_BIN: "/does/not/exist" });
  expect(code).toBe(1);
  expect(stderr).toContain("MEDIASOUP_WORKER_BIN=/does/not/exist does not work");
});
