import { observer } from "mediasoup";
import type { Worker } from "mediasoup/types";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../support/until.js";
import type { Person } from "./person.js";
import { noStageReason } from "./browsers.js";
import { onStage, openStage, type Stage } from "./stage.js";

/** A call of two on one worker, and somebody else's call on the other. */
interface TwoCalls {
  stage: Stage;
  ada: Person;
  bob: Person;
  others: [Person, Person];
  /** The worker of Ada's call. */
  worker: Worker;
  workers: Worker[];
}

async function twoCalls(): Promise<TwoCalls> {
  const workers: Worker[] = [];
  const roomsOf = new Map<string, Worker>();
  const onWorker = (worker: Worker) => {
    workers.push(worker);
    worker.observer.on("newrouter", ({ appData }) => roomsOf.set(String(appData["roomId"]), worker));
  };
  observer.on("newworker", onWorker);
  onTestFinished(() => void observer.off("newworker", onWorker));
  const stage = await openStage({ SFU_WORKERS: "2" });
  const ada = await stage.enter("Ada", "daily");
  const bob = await stage.enter("Bob", "daily");
  await until(() => roomsOf.has("daily"));
  const others: [Person, Person] = [await stage.enter("Eve", "other"), await stage.enter("Fay", "other")];
  await Promise.all([ada, bob, ...others].map((person) => person.hearsAndSees()));
  const worker = roomsOf.get("daily");
  if (!worker || worker === roomsOf.get("other")) throw new Error("both calls are on one worker");
  return { stage, ada, bob, others, worker, workers };
}

const resets = async (person: Person) =>
  (await person.disturbances()).filter((event) => event === "media_reset").length;

/** What the metrics say, by the name of the series. */
async function metric({ service }: Stage, name: string): Promise<number> {
  const text = await (await service.get("/metrics")).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
}

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
