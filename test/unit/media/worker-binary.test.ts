import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  findMediasoupRoot,
  findWorkerBinary,
  hostTarget,
  releasedWorkerPath,
  workerCachePath,
} from "../../../src/media/workers/worker-binary.js";

const target = { mediasoup: "3.27.1", platform: "linux", arch: "x64", libc: "glibc2.36" };

let folder: string;
let packageRoot: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lastseen-worker-binary-"));
  packageRoot = join(folder, "node_modules", "mediasoup");
  env = { LASTSEEN_CACHE_DIR: join(folder, "cache") };
  putFile(join(packageRoot, "package.json"), '{"version":"1.2.3"}', 0o644);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function putFile(path: string, text: string, mode: number): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const putProgram = (path: string): string => putFile(path, "#!/bin/sh\n", 0o755);

test("the search returns nothing and does not throw when there is no worker", () => {
  expect(findWorkerBinary(env, packageRoot)).toBeUndefined();
  expect(findWorkerBinary(env, undefined)).toBeUndefined();
});

test("the search prefers MEDIASOUP_WORKER_BIN, then mediasoup's own worker, then the one in the cache", () => {
  const cached = putProgram(workerCachePath(env, hostTarget(packageRoot)));
  expect(findWorkerBinary(env, packageRoot)).toEqual({ path: cached, source: "cache" });

  const released = putProgram(releasedWorkerPath(packageRoot));
  expect(findWorkerBinary(env, packageRoot)).toEqual({ path: released, source: "mediasoup" });

  const named = { ...env, MEDIASOUP_WORKER_BIN: "/opt/worker" };
  expect(findWorkerBinary(named, packageRoot)).toEqual({ path: "/opt/worker", source: "environment" });
});

test("an empty MEDIASOUP_WORKER_BIN is ignored", () => {
  expect(findWorkerBinary({ ...env, MEDIASOUP_WORKER_BIN: "" }, packageRoot)).toBeUndefined();
});

test("a folder, or a file that is not executable, is no worker", () => {
  putFile(workerCachePath(env, hostTarget(packageRoot)), "text", 0o644);
  mkdirSync(releasedWorkerPath(packageRoot), { recursive: true });
  expect(findWorkerBinary(env, packageRoot)).toBeUndefined();
});

test("the cache has its own place for each version, platform, processor and C library", () => {
  const others = [{ mediasoup: "3.27.2" }, { platform: "darwin" }, { arch: "arm64" }, { libc: "musl" }];
  const paths = [target, ...others.map((other) => ({ ...target, ...other }))].map((one) => workerCachePath(env, one));
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths[0]).toBe(join(folder, "cache/mediasoup-worker/3.27.1-linux-x64-glibc2.36-recipe2/mediasoup-worker"));
});

test.each([
  [{ HOME: "/home/ann" }, "/home/ann/.cache/lastseen"],
  [{ HOME: "/home/ann", XDG_CACHE_HOME: "/var/cache/ann" }, "/var/cache/ann/lastseen"],
  [{ HOME: "/home/ann", XDG_CACHE_HOME: "relative" }, "/home/ann/.cache/lastseen"],
  [{ HOME: "/home/ann", XDG_CACHE_HOME: "/var/cache/ann", LASTSEEN_CACHE_DIR: "/build/cache" }, "/build/cache"],
])("with %o the cache is in %s", (variables, expected) => {
  const path = workerCachePath(variables, target);
  expect(path.startsWith(`${expected}/mediasoup-worker/`)).toBe(true);
});

test("the search finds the installed mediasoup and describes this machine", () => {
  const root = findMediasoupRoot();
  expect(root).toBeDefined();
  const host = hostTarget(root ?? "");
  expect(host.mediasoup).toMatch(/^\d+\.\d+\.\d+$/);
  expect(host).toMatchObject({ platform: process.platform, arch: process.arch });
  expect(host.libc).toMatch(process.platform === "linux" ? /^(glibc\d+\.\d+|musl)$/ : /^none$/);
});
