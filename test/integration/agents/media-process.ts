/** A media server in a process of its own: one worker, one router, an agent. The test orders transports by messages. */
import * as mediasoup from "mediasoup";
import { watchMediasoup } from "@lastseen/agent";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";

/** What a test asks. `id` goes back with the answer. */
export type MediaRequest =
  { id: number; what: "make"; sessionId: string } | { id: number; what: "held" } | { id: number; what: "stop" };
export interface MediaAnswer {
  id: number;
  /** Of `make`: the transport. Of `held`: everything in the worker. */
  ids: string[];
}

const [url = "", token = "", name = ""] = process.argv.slice(2);
const watch = watchMediasoup({ url, token, mediasoup, name });
const worker = await mediasoup.createWorker({ workerBin: findWorkerBinary()?.path ?? "", logLevel: "warn" });
const router = await worker.createRouter({
  mediaCodecs: [{ kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 }],
});

async function answer(request: MediaRequest): Promise<string[]> {
  switch (request.what) {
    case "make": {
      const listenInfos = [{ protocol: "udp" as const, ip: "127.0.0.1" }];
      const { sessionId } = request;
      return [(await router.createWebRtcTransport({ listenInfos, appData: { sessionId } })).id];
    }
    case "held":
      return (await worker.dump()).channelMessageHandlers.channelRequestHandlers;
    case "stop":
      await watch.close();
      return [];
  }
}

process.on("message", (request: MediaRequest) => {
  void answer(request).then((ids) => process.send?.({ id: request.id, ids } satisfies MediaAnswer));
});
process.on("disconnect", () => process.exit());
process.send?.({ id: 0, ids: [] } satisfies MediaAnswer);
