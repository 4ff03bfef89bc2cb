import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import { onStage } from "./stage.js";
import { metric, resets, twoCalls, type TwoCalls } from "./two-calls.js";

/** The call of Ada and Bob goes on, on another worker; nobody has left it, and the other call has noticed nothing. */
async function callGoesOn({ stage, ada, bob, others }: TwoCalls): Promise<void> {
  const people = [ada, bob];
  await until(async () => (await Promise.all(people.map(resets))).every((count) => count === 1));
  const toldAt = performance.now();
  await Promise.all(people.map((person) => person.hearsAndSees()));
  // The aim is 5 s on a quiet machine.
  process.stdout.write(`media again ${((performance.now() - toldAt) / 1_000).toFixed(1)} s after media_reset\n`);
  expect((await ada.roster()).map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
    "Ada present",
    "Bob present",
  ]);
  expect(await metric(stage, "lastseen_media_worker_deaths_total")).toBe(1);
  await Promise.all(others.map((person) => person.hearsAndSees()));
  for (const person of others) expect(await person.disturbances()).toEqual([]);
  const left = stage.service.log.filter(({ msg }) => msg === "left room" || msg === "session ended");
  expect(left).toEqual([]);
}

describe.skipIf(noStageReason)("a mediasoup worker in a call in Chromium", () => {
  test(onStage("is killed: its call has media again on another worker, the other call notices nothing"), async () => {
    const calls = await twoCalls();
    process.kill(calls.worker.pid, "SIGKILL");
    await callGoesOn(calls);
    await until(() => metric(calls.stage, "lastseen_media_workers").then((count) => count === 2));
  });

  test(onStage("stands still: it is found, killed and replaced, and its call goes on"), async () => {
    const calls = await twoCalls();
    process.kill(calls.worker.pid, "SIGSTOP");
    await callGoesOn(calls);
    expect(calls.worker.died).toBe(true);
  });
});
