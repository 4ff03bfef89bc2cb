import { observer } from "mediasoup";
import type { Router, Worker } from "mediasoup/types";

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

/** What the workers themselves say they hold: asked directly, past all books of the service. */
export async function dumpWorkers(): Promise<{ transports: number; producers: number; consumers: number }> {
  const dumps = await Promise.all([...routers].map((router) => router.dump()));
  return {
    transports: dumps.flatMap(({ transportIds }) => transportIds).length,
    producers: dumps.flatMap(({ mapProducerIdConsumerIds }) => mapProducerIdConsumerIds).length,
    consumers: dumps.flatMap(({ mapConsumerIdProducerId }) => mapConsumerIdProducerId).length,
  };
}

/** How many routers the workers say they have. */
export async function countRoutersInWorkers(): Promise<number> {
  const dumps = await Promise.all([...workers].map((worker) => worker.dump()));
  return dumps.flatMap(({ routerIds }) => routerIds).length;
}
