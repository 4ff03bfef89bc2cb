import { describe, expect, test } from "vitest";
import { noStageReason } from "../e2e/browsers.js";
import { onStage } from "../e2e/stage.js";
import { metric, resets, twoCalls } from "../e2e/two-calls.js";
import { until } from "../support/until.js";

describe.skipIf(noStageReason)("a mediasoup worker in a call in Chromium", () => {
  test(
    onStage("is killed again and again: each time the call goes on, and the waits before a restart grow"),
    async () => {
      const calls = await twoCalls();
      const { stage, ada, bob, workers } = calls;
      for (let death = 1; death <= 3; death += 1) {
        for (const worker of workers.filter(({ closed }) => !closed)) process.kill(worker.pid, "SIGKILL");
        await until(async () => (await resets(ada)) === death && (await resets(bob)) === death);
        await until(() => metric(stage, "lastseen_media_workers").then((count) => count === 2));
      }
      await Promise.all([ada, bob].map((person) => person.hearsAndSees()));
      expect(await metric(stage, "lastseen_media_worker_deaths_total")).toBe(6);
      const lost = stage.service.log.filter(({ msg, worker }) => msg === "media worker lost" && worker === 0);
      expect(lost.map(({ startInMs }) => startInMs)).toEqual([1_000, 2_000, 4_000]);
    },
  );
});
