import type { WebRtcTransport } from "mediasoup/types";
import { describe } from "vitest";
import { startMedia, type TestMedia } from "../integration/media/support.js";
import { WebRtcPeer } from "../integration/media/webrtc-peer.js";
import { needsMedia, noMediaReason } from "../support/media-worker.js";
import type { SessionMedia } from "../../src/ports/media-plane.js";
import {
  mediaInPlaneContract,
  mediaPlaneContract,
  microphone,
  type MediaPlaneUnderTest,
} from "./media-plane-contract.js";
import { mediaRequestsContract } from "./media-requests-contract.js";

const start = (): Promise<TestMedia> =>
  startMedia({ timeLimits: { callMs: 1_000, healthIntervalMs: 60_000, workerStopMs: 100 } });

async function create(): Promise<MediaPlaneUnderTest> {
  const media = await start();
  const objectOf = (id: string): WebRtcTransport => {
    const transport = media.transports.get(id);
    if (!transport) throw new Error(`there is no transport ${id}`);
    return transport as WebRtcTransport;
  };
  return {
    plane: media.plane,
    worker: () => media.lastWorker(),
    router: () => media.lastRouter(),
    async make(session) {
      const requests = requestsOf(session);
      const { id: transportId } = await requests.createTransport("send");
      const { producerId } = await requests.produce({ transportId, kind: "audio", rtpParameters: microphone() });
      return { transportId, producerId, transport: objectOf(transportId) };
    },
    async connect(session) {
      const peer = await WebRtcPeer.connect(media, requestsOf(session), "send");
      return { peer, transport: objectOf(peer.transportId) };
    },
  };
}

function requestsOf({ requests }: SessionMedia) {
  if (!requests) throw new Error("clients cannot make media here");
  return requests;
}

describe.skipIf(noMediaReason)(needsMedia("with a real worker"), () => {
  mediaPlaneContract("media that clients ask for", async () => (await create()).plane);
  mediaInPlaneContract("media that clients ask for", create);
  mediaRequestsContract("media that clients ask for", start);
});
