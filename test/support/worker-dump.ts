import { isDeepStrictEqual } from "node:util";
import { observer } from "mediasoup";
import type { Router, Worker } from "mediasoup/types";
import { until } from "./until.js";

const workers = new Set<Worker>();
const routers = new Set<Router>();

observer.on("newworker", (worker: Worker) => {
  workers.add(worker);
  worker.observer.once("close", () => workers.delete(worker));
  worker.observer.on("newrouter", (router: Router) => {
    routers.add(router);
    router.observer.once("close", () => routers.delete(router));
  });
});

/** Numbers of media objects in all workers. */
export interface WorkerContents {
  transports: number;
  producers: number;
  consumers: number;
}

/** Waits until the workers hold exactly these numbers of objects. */
export async function workersHold(expected: WorkerContents): Promise<void> {
  let seen: unknown;
  const look = async () => {
    // A router that closes during the request does not answer.
    seen = await dumpWorkers().catch((error: unknown) => String(error));
    return isDeepStrictEqual(seen, expected);
  };
  await until(look).catch((error: unknown) => {
    throw new Error(`the workers hold ${JSON.stringify(seen)}`, { cause: error });
  });
}

/** The objects that the workers hold, from the workers themselves and not from the records of the service. */
async function dumpWorkers(): Promise<WorkerContents> {
  const dumps = await Promise.all([...routers].map((router) => router.dump()));
  return {
    transports: dumps.flatMap(({ transportIds }) => transportIds).length,
    producers: dumps.flatMap(({ mapProducerIdConsumerIds }) => mapProducerIdConsumerIds).length,
    consumers: dumps.flatMap(({ mapConsumerIdProducerId }) => mapConsumerIdProducerId).length,
  };
}

/** mediasoup's own objects for the rooms that have media. */
export function openRouters(): Router[] {
  return [...routers];
}

/** The number of routers that the workers report. */
export async function countRoutersInWorkers(): Promise<number> {
  const dumps = await Promise.all([...workers].map((worker) => worker.dump()));
  return dumps.flatMap(({ routerIds }) => routerIds).length;
}
