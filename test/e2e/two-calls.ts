import { observer } from "mediasoup";
import type { Worker } from "mediasoup/types";
import { onTestFinished } from "vitest";
import { until } from "../support/until.js";
import type { Person } from "./person.js";
import { openStage, type Stage } from "./stage.js";

/** A call of two on one worker, and somebody else's call on the other. */
export interface TwoCalls {
  stage: Stage;
  ada: Person;
  bob: Person;
  others: [Person, Person];
  /** The worker of Ada's call. */
  worker: Worker;
  workers: Worker[];
}

export async function twoCalls(): Promise<TwoCalls> {
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

/** How often a person was told that her media is gone. */
export const resets = async (person: Person): Promise<number> =>
  (await person.disturbances()).filter((event) => event === "media_reset").length;

/** What the metrics say, by the name of the series. */
export async function metric({ service }: Stage, name: string): Promise<number> {
  const text = await (await service.get("/metrics")).text();
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
}
