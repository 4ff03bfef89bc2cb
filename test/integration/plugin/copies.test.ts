import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { createWorker, observer } from "mediasoup";
import { describe, expect, onTestFinished, test } from "vitest";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { application, enter, heldBy, makeRouter, makeTransport, registerLastseen } from "./application.js";

const load = createRequire(import.meta.url);
const OWN = dirname(dirname(dirname(load.resolve("mediasoup"))));

interface Mediasoup {
  createWorker: typeof createWorker;
  observer: typeof observer;
}

/** A second copy of the package in a folder of its own, as npm makes one when the versions differ. */
async function secondCopy(): Promise<{ path: string; mediasoup: Mediasoup }> {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-copy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "node_modules", "mediasoup");
  await cp(join(OWN, "node"), join(path, "node"), { recursive: true });
  await cp(join(OWN, "package.json"), join(path, "package.json"));
  // What mediasoup itself imports.
  for (const name of ["debug", "ms", "flatbuffers", "h264-profile-level-id", "awaitqueue", "ini", "supports-color"]) {
    await symlink(join(dirname(OWN), name), join(folder, "node_modules", name)).catch(() => {});
  }
  onTestFinished(() => {
    for (const file of Object.keys(load.cache)) if (file.startsWith(folder)) delete load.cache[file];
  });
  return { path, mediasoup: load(join(path, "node", "lib", "index.js")) as Mediasoup };
}

async function startWorkerOf({ createWorker: start }: Mediasoup) {
  const workerBin = findWorkerBinary()?.path;
  const worker = await start({ ...(workerBin === undefined ? {} : { workerBin }), logLevel: "warn" });
  onTestFinished(() => worker.close());
  return worker;
}

describe.skipIf(noMediaReason)(needsMedia("Two copies of mediasoup in one process"), () => {
  test("are found at the registration and at the first transport, and no cleanup is called clean", async () => {
    const { path, mediasoup } = await secondCopy();
    const { app, log, listen } = application();
    await registerLastseen(app);
    expect(log).toContainEqual(
      expect.objectContaining({ level: 40, msg: "there is another copy of mediasoup", watched: OWN, other: path }),
    );
    const worker = await startWorkerOf(mediasoup);
    const router = await makeRouter(worker);
    const { http, connect } = await listen();
    const sessionId = await enter(await connect(), "ann", "daily");
    const transports = [await makeTransport(router, { sessionId }), await makeTransport(router, { sessionId })];

    const errors = log.filter(({ level }) => level === 50);
    expect(errors).toMatchObject([{ sessionId, transportId: transports[0]?.id, watched: OWN, other: path }]);
    expect(errors[0]?.msg).toMatch(/another copy of mediasoup makes the media of a session/);
    expect(() => app.lastseen.own(sessionId, transports[0] as never)).toThrow(path);

    const results: string[] = [];
    app.lastseen.on("cleaned", ({ result }) => results.push(result));
    await app.lastseen.kick(sessionId);
    expect(results).toEqual(["unseen"]);
    expect((await heldBy(worker)).has(transports[0]?.id ?? "")).toBe(true);
    expect(log.map(({ msg }) => msg)).toContain("cleanup unseen");
    expect(log.map(({ msg }) => msg)).not.toContain("cleanup verified");
    expect(await (await fetch(`${http}/metrics`)).text()).toContain('lastseen_cleanups_total{result="unseen"} 1');
    const health = (await (await fetch(`${http}/api/health`)).json()) as { checks: object; warnings: string[] };
    expect(health.checks).toMatchObject({ media: "unseen" });
    expect(health.warnings.join()).toContain(path);
  });

  test("do no harm when the application names the one that it uses", async () => {
    const { mediasoup } = await secondCopy();
    const { app, log, listen } = application();
    await registerLastseen(app, { observer: mediasoup.observer });
    const worker = await startWorkerOf(mediasoup);
    const { http, connect } = await listen();
    const sessionId = await enter(await connect(), "ann", "daily");
    const transport = await makeTransport(await makeRouter(worker), { sessionId });
    const results: string[] = [];
    app.lastseen.on("cleaned", ({ result }) => results.push(result));
    await app.lastseen.kick(sessionId);
    expect(results).toEqual(["clean"]);
    expect(transport.closed).toBe(true);
    expect(log.filter(({ level }) => level >= 40)).toEqual([]);
    expect(await (await fetch(`${http}/api/health`)).json()).toMatchObject({ checks: { media: "ok" } });
  });
});

test("An application without any worker is not told that its media is clean", async () => {
  const { app, log, listen } = application();
  await registerLastseen(app);
  const { connect } = await listen();
  await app.lastseen.kick(await enter(await connect(), "ann", "daily"));
  expect(log.find(({ msg }) => msg.startsWith("cleanup"))).toMatchObject({ msg: "cleanup unseen", level: 30 });
  const health = (await app.inject("/api/health")).json<{ warnings: string[] }>();
  expect(health.warnings.join()).toContain("seen no mediasoup worker");
});
