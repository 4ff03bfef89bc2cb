import { observer } from "mediasoup";
import type { Router, Worker } from "mediasoup/types";

const routers = new Set<Router>();

observer.on("newworker", (worker: Worker) => {
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
