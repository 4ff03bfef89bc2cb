import { describe, expect, test } from "vitest";
import { observer } from "mediasoup";
import type { Router, Worker } from "mediasoup/types";
import { noMediaReason, needsMedia } from "../../support/media-worker.js";
import { startService, type TestService } from "../../support/service.js";
import { workersHold } from "../../support/worker-dump.js";
import { forgetInWorker } from "./forget-in-worker.js";

interface Report {
  reconciliation: Record<"orphansClosed" | "orphansSuspected" | "mediaReset" | "rosterRepaired", number> & {
    foreignMedia: Record<string, number>;
  };
}

async function cleanUp(service: TestService): Promise<Report["reconciliation"]> {
  const response = await service.get("/api/cleanup", { method: "POST" });
  expect(response.status).toBe(200);
  return ((await response.json()) as Report).reconciliation;
}

/** The service with one worker, and mediasoup's own objects for it. */
async function startWithWorker(): Promise<{ service: TestService; worker: Worker; theRouter: () => Router }> {
  const workers: Worker[] = [];
  const routers: Router[] = [];
  const onWorker = (worker: Worker) => {
    workers.push(worker);
    worker.observer.on("newrouter", (router) => routers.push(router));
  };
  observer.on("newworker", onWorker);
  const service = await startService({ SFU_WORKERS: "1" });
  observer.off("newworker", onWorker);
  const [worker] = workers;
  if (!worker) throw new Error("no worker was started");
  const theRouter = () => {
    const [router] = routers;
    if (!router) throw new Error("no router was made");
    return router;
  };
  return { service, worker, theRouter };
}

const NOTHING_FOREIGN = { transport: 0, producer: 0, consumer: 0 };

describe.skipIf(noMediaReason)("the comparison of the service's records with the workers", () => {
  test(
    needsMedia(
      "the service tells a live session to make its media anew when the worker has lost it, and no other session",
    ),
    async () => {
      const { service, theRouter } = await startWithWorker();
      const ada = await service.join("ada", "daily");
      const bob = await service.join("bob", "daily");
      const lost = await ada.request("createTransport", { direction: "send" });
      await bob.request("createTransport", { direction: "send" });
      expect(await cleanUp(service)).toMatchObject({ mediaReset: 0, orphansSuspected: 0 });
      // The worker closes the transport and the service does not learn it: the request goes to the worker past mediasoup's
      // JavaScript objects.
      await forgetInWorker(theRouter(), lost.id);
      await workersHold({ transports: 1, producers: 0, consumers: 0 });
      expect(await cleanUp(service)).toMatchObject({ mediaReset: 0 });
      expect(ada.events("media_reset")).toEqual([]);
      expect(await cleanUp(service)).toMatchObject({ mediaReset: 1 });
      expect(await ada.event("media_reset")).toEqual({ reason: "media_lost" });
      expect(bob.events("media_reset")).toEqual([]);
      await ada.request("createTransport", { direction: "send" });
      expect(await cleanUp(service)).toMatchObject({ mediaReset: 0 });
      expect(await cleanUp(service)).toMatchObject({ mediaReset: 0 });
      await workersHold({ transports: 2, producers: 0, consumers: 0 });
      expect(ada.events("media_reset")).toHaveLength(1);
    },
  );

  test(
    needsMedia("the service counts and reports the media of other code in its process, and never closes it"),
    async () => {
      const { service, worker } = await startWithWorker();
      const ada = await service.join("ada", "daily");
      await ada.request("createTransport", { direction: "send" });
      expect((await cleanUp(service)).foreignMedia).toEqual(NOTHING_FOREIGN);
      const router = await worker.createRouter();
      const foreign = await router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }] });
      for (let comparison = 0; comparison < 3; comparison += 1) {
        expect(await cleanUp(service)).toMatchObject({
          foreignMedia: { ...NOTHING_FOREIGN, transport: 1 },
          orphansClosed: 0,
          orphansSuspected: 0,
        });
      }
      expect(foreign.closed).toBe(false);
      foreign.close();
      expect((await cleanUp(service)).foreignMedia).toEqual(NOTHING_FOREIGN);
    },
  );

  test(needsMedia("the second comparison closes media that names an unknown session"), async () => {
    const { service, worker } = await startWithWorker();
    const router = await worker.createRouter();
    const listenInfos = [{ protocol: "udp" as const, ip: "127.0.0.1" }];
    const orphan = await router.createWebRtcTransport({ listenInfos, appData: { sessionId: "long gone" } });
    expect(await cleanUp(service)).toMatchObject({ orphansSuspected: 1, orphansClosed: 0 });
    expect(orphan.closed).toBe(false);
    expect(await cleanUp(service)).toMatchObject({ orphansSuspected: 0, orphansClosed: 1 });
    expect(orphan.closed).toBe(true);
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });
});
