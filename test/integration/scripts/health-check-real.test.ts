import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { ServiceProcess } from "../../support/service-process.js";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { checkers } from "./checkers.js";
import { NO_POWERSHELL } from "./run-script.js";

/** The scripts against the real service, as it is when it is well and when it is not. */

test.for(checkers)(
  "$script: a service at work is healthy, and one that has stopped cannot be checked",
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    const service = await startService({ NODE_ID: "node-7" });
    await service.join("ada", "daily");
    await service.join("bob", "daily");
    const { code, stdout } = await check(service.http);
    expect(stdout).toContain("node node-7");
    expect(stdout).toContain("2 users, 2 sessions, 1 rooms, 0 calls, 0 ghosts");
    expect(code).toBe(0);
    await service.close();
    expect((await check(service.http)).code).toBe(2);
  },
);

test.for(checkers)("$script: ghosts that nobody sweeps are found", async ({ available, check }, { skip }) => {
  skip(!available, NO_POWERSHELL);
  const service = await startService({
    HEARTBEAT_INTERVAL_MS: "900",
    AWAY_AFTER_MS: "300",
    IDLE_TIMEOUT_MS: "1000",
    SWEEP_INTERVAL_MS: "3600000",
  });
  for (const user of ["ada", "bob", "eve"]) await service.join(user, "daily");
  await until(async () => ((await (await service.get("/api/health")).json()) as { ghosts: number }).ghosts === 3);
  const { code, stdout } = await check(service.http, { maxGhosts: 2 });
  expect(stdout).toContain("3 ghosts, more than 2");
  expect(code).toBe(1);
  expect((await check(service.http, { maxGhosts: 3 })).code).toBe(0);
});

test.for(checkers)(
  needsMedia("$script: a service that has lost its media is degraded"),
  async ({ available, check }, { skip }) => {
    skip(!available, NO_POWERSHELL);
    skip(noMediaReason !== undefined, noMediaReason);
    const folder = mkdtempSync(join(tmpdir(), "lastseen-health-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const worker = join(folder, "mediasoup-worker");
    copyFileSync(findWorkerBinary()?.path ?? "", worker);
    const service = await ServiceProcess.start({ SFU_WORKERS: "1", MEDIASOUP_WORKER_BIN: worker });
    expect((await check(service.http)).code).toBe(0);
    // Without the program the worker that dies is the last one.
    rmSync(worker);
    process.kill(Number(service.log.find(({ msg }) => msg === "media worker started")?.["pid"]), "SIGKILL");
    await until(() => service.log.some(({ msg }) => msg === "media worker lost"));
    const { code, stdout } = await check(service.http);
    expect(stdout).toContain("status is DEGRADED");
    expect(code).toBe(1);
  },
);
