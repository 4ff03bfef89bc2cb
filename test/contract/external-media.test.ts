import { createWorker } from "mediasoup";
import type { Router, Transport, WebRtcTransport } from "mediasoup/types";
import { describe, onTestFinished } from "vitest";
import { systemClock } from "../../src/kernel/clock.js";
import { ExternalPlane } from "../../src/media/external/external-plane.js";
import { findWorkerBinary } from "../../src/media/workers/worker-binary.js";
import { WebRtcPeer } from "../integration/media/webrtc-peer.js";
import { needsMedia, noMediaReason } from "../support/media-worker.js";
import {
  makeTransport,
  mediaInPlaneContract,
  mediaPlaneContract,
  microphone,
  type MediaPlaneUnderTest,
} from "./media-plane-contract.js";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const OPUS = { kind: "audio" as const, mimeType: "audio/opus", clockRate: 48_000, channels: 2 };

/** An application with one worker and a router for each room. It writes the session into the `appData` of its transports. */
async function create(): Promise<MediaPlaneUnderTest> {
  const timeLimits = { callMs: 1_000, verifyWindowMs: 5 };
  const plane = new ExternalPlane({ clock: systemClock, logger: SILENT, timeLimits });
  onTestFinished(() => plane.close());
  const worker = await createWorker({ workerBin: findWorkerBinary()?.path ?? "", logLevel: "warn" });
  onTestFinished(() => worker.close());
  const routers = new Map<string, Router>();
  const routerOf = (roomId: string): Router => {
    const router = routers.get(roomId);
    if (!router) throw new Error(`no media was made in ${roomId}`);
    return router;
  };
  const makeIn = async (roomId: string, sessionId: string): Promise<WebRtcTransport> => {
    if (!routers.has(roomId)) routers.set(roomId, await worker.createRouter({ mediaCodecs: [OPUS] }));
    return makeTransport(routerOf(roomId), { sessionId });
  };
  return {
    plane,
    worker: () => worker,
    router: routerOf,
    async make(_session, sessionId, roomId) {
      const transport = await makeIn(roomId, sessionId);
      const producer = await transport.produce({ kind: "audio", rtpParameters: microphone() });
      return { transportId: transport.id, producerId: producer.id, transport };
    },
    async connect(_session, sessionId, roomId) {
      const transport = await makeIn(roomId, sessionId);
      const transports = new Map<string, Transport>([[transport.id, transport]]);
      const signalling = {
        createTransport: () => Promise.resolve(transport),
        connectTransport: (_id: string, dtlsParameters: unknown) =>
          transport.connect({ dtlsParameters: dtlsParameters as never }),
      };
      return { transport, peer: await WebRtcPeer.connect({ transports }, signalling, "send") };
    },
  };
}

describe.skipIf(noMediaReason)(needsMedia("with a real worker"), () => {
  mediaPlaneContract("the media of an application", async () => (await create()).plane);
  mediaInPlaneContract("the media of an application", create);
});
