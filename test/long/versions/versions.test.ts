/**
 * The versions of Fastify and mediasoup that the packages allow as peers: the oldest and the newest ones and some between, from the
 * registry.
 *
 * Fastify runs as it is. An older mediasoup has a worker of its own, which its install script downloads. Where that is not possible,
 * the worker of this repository takes its place, if the two understand each other. Otherwise Lastseen runs with that mediasoup
 * without a worker: it registers, a ghost leaves, and an application compiles.
 */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { downloadWorker } from "../../../scripts/worker-sources.js";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";
import { manifestOf, ROOT } from "../../integration/package/entry-points.js";
import { pack, type Tarball } from "../../integration/package/tarballs.js";

const run = promisify(execFile);
const LIMIT_MS = 400_000;
const NPM = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
const APPLICATION = join(ROOT, "test/long/versions/application.mjs");
/** Since mediasoup 3.21 its JavaScript understands the worker of this repository. */
const SAME_PROTOCOL = /^3\.(2[1-9]|[3-9]\d)\./;

let tarballs: Tarball[];

beforeAll(async () => {
  const packed = await mkdtemp(join(tmpdir(), "lastseen-versions-packages-"));
  tarballs = [];
  for (const name of ["@lastseen/protocol", "@lastseen/client", "@lastseen/agent", "lastseen"] as const) {
    tarballs.push(await pack(name, packed));
  }
  return () => rm(packed, { recursive: true, force: true });
}, LIMIT_MS);

/** A folder with these packages and Lastseen, installed with npm's own check of the peers. It ends with the test. */
async function installed(...packages: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-versions-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "versions", private: true, type: "module" }));
  await run("npm", ["install", ...NPM, ...packages, ...tarballs.map(({ path }) => path)], { cwd: folder });
  await cp(APPLICATION, join(folder, "application.mjs"));
  return folder;
}

/** The worker for the mediasoup in that folder: its own, or one that understands it. */
async function workerFor(folder: string, version: string): Promise<string | undefined> {
  const packageRoot = join(folder, "node_modules/mediasoup");
  const own = findWorkerBinary({ ...process.env, MEDIASOUP_WORKER_BIN: undefined }, packageRoot);
  if (own) return own.path;
  if (SAME_PROTOCOL.test(version)) return findWorkerBinary()?.path;
  const got = await downloadWorker({ packageRoot, workDir: folder, say: () => {} });
  return got.kind === "obtained" ? got.path : undefined;
}

interface Outcome {
  versions: { fastify: string; mediasoup: string };
  reason: string;
  result: string;
  held: boolean[];
  media: string;
  longId: number | false;
}

async function runApplication(folder: string, kind: "fastify" | "node", worker: string | undefined): Promise<Outcome> {
  const env = { ...process.env, MEDIASOUP_WORKER_BIN: worker ?? "" };
  const media = worker === undefined ? "without media" : "with media";
  const { stdout, stderr } = await run(process.execPath, ["application.mjs", kind, media], { cwd: folder, env });
  expect(stderr).not.toMatch(/Warning/);
  return JSON.parse(stdout.slice(stdout.indexOf("{"))) as Outcome;
}

/** What a strict compiler says about an application with these packages. */
async function compile(folder: string): Promise<string> {
  await writeFile(
    join(folder, "application.ts"),
    `import Fastify from "fastify";
     import { createWorker } from "mediasoup";
     import { lastseen } from "lastseen/fastify";
     const app = Fastify();
     await app.register(lastseen, { prefix: "/presence", workers: [await createWorker()] });
     app.lastseen.on("left", ({ session, reason }) => app.log.info({ name: session.name, reason }));
    `,
  );
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2023", "--module", "nodenext"];
  const types = ["--typeRoots", join(ROOT, "node_modules/@types"), "--types", "node"];
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  return run(process.execPath, [compiler, ...options, ...types, "application.ts"], { cwd: folder }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

/** A folder, and which versions npm has put there. */
async function versionsIn(folder: string): Promise<Outcome["versions"]> {
  const { versions } = await runApplication(folder, "fastify", undefined);
  return versions;
}

test("the ranges of the peers begin with the versions that are tried here", () => {
  expect(manifestOf("lastseen").peerDependencies).toEqual({ fastify: "^5.0.0", mediasoup: "^3.15.0" });
  expect(manifestOf("@lastseen/agent").peerDependencies).toEqual({ mediasoup: "^3.15.0" });
});

describe.each([
  ["5.0.0", "3.27.1"],
  ["~5.6.0", "~3.24.0"],
  ["5", "~3.21.0"],
  ["5", "~3.19.0"],
  ["5", "~3.15.0"],
])("With Fastify %s and mediasoup %s", (fastify, mediasoup) => {
  const begins = (range: string): string => range.replace("~", "").replace(/\.0$/, range.startsWith("~") ? "." : ".0");
  const packages = [`fastify@${fastify}`, `mediasoup@${mediasoup}`, "ws@8"];

  test(
    "an application compiles, a ghost leaves, and nobody calls media clean that was not seen",
    async () => {
      const folder = await installed(...packages);
      for (const kind of ["fastify", "node"] as const) {
        const { versions, longId, ...outcome } = await runApplication(folder, kind, undefined);
        expect(versions.fastify.startsWith(begins(fastify))).toBe(true);
        expect(versions.mediasoup.startsWith(begins(mediasoup))).toBe(true);
        expect(longId).toBe(kind === "node" && 404);
        expect(outcome).toEqual({ reason: "disconnected", result: "unseen", held: [], media: "unseen" });
      }
      expect(await compile(folder)).toBe("");
      const agent = 'import { watchMediasoup } from "@lastseen/agent"; process.stdout.write(typeof watchMediasoup);';
      const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", agent], { cwd: folder });
      expect(stdout).toBe("function");
    },
    LIMIT_MS,
  );

  test(
    "the media of a ghost is closed, and only the ghost's",
    async ({ skip }) => {
      const folder = await installed(...packages);
      const worker = await workerFor(folder, (await versionsIn(folder)).mediasoup);
      if (worker === undefined) return skip("the worker of this mediasoup cannot be downloaded here");
      for (const kind of ["fastify", "node"] as const) {
        const { reason, result, held, media } = await runApplication(folder, kind, worker);
        const clean = { reason: "disconnected", result: "clean", held: [false, true], media: "ok" };
        expect([kind, { reason, result, held, media }]).toEqual([kind, clean]);
      }
    },
    LIMIT_MS,
  );
});

test(
  "a service of its own says that mediasoup 3.19 is too old for media, and runs without media",
  async () => {
    const folder = await installed("fastify@5", "mediasoup@~3.19.0");
    const main = join(folder, "node_modules/lastseen/dist/main.js");
    const settings = { LASTSEEN_ENV: "development", PORT: "0", WEB_PORT: "0", SFU_PORT: "0" };
    const env = { ...process.env, ...settings, MEDIASOUP_WORKER_BIN: findWorkerBinary()?.path ?? "/none" };
    const start = (workers: string) =>
      spawn(process.execPath, [main], { cwd: folder, env: { ...env, SFU_WORKERS: workers }, stdio: "pipe" });

    const refused = await said(start("1"));
    expect(refused).toContain("is too old for a service that makes media itself");
    const running = start("0");
    const address = /http:\/\/\S+:\d+/;
    expect(await said(running, address)).toMatch(address);
    running.kill();
    await once(running, "close");
  },
  LIMIT_MS,
);

/** What a process says until it ends, or until it says that. */
async function said(child: ChildProcessWithoutNullStreams, last?: RegExp): Promise<string> {
  let text = "";
  const hear = (resolve: () => void) => (part: string) => {
    text += part;
    if (last?.test(text)) resolve();
  };
  await new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", hear(resolve));
    child.once("close", () => resolve());
  });
  return text;
}
