import type { Router, Transport } from "mediasoup/types";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "@lastseen/protocol";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { until } from "../../support/until.js";
import { missingForPeers, WebRtcPeer } from "../media/webrtc-peer.js";
import { application, enter, makeRouter, makeTransport, registerLastseen, startWorker } from "./application.js";

/** Connects a peer to a transport that the application makes. */
async function connectPeer(router: Router, appData: { sessionId: string }) {
  const transport = await makeTransport(router, appData);
  const transports = new Map<string, Transport>([[transport.id, transport]]);
  const signalling = {
    createTransport: () => Promise.resolve(transport),
    connectTransport: (_id: string, dtlsParameters: JsonObject) =>
      transport.connect({ dtlsParameters: dtlsParameters as never }),
  };
  return WebRtcPeer.connect({ transports }, signalling, "send");
}

describe.skipIf(noMediaReason ?? missingForPeers)(needsMedia("A transport of the application"), () => {
  test("is evidence: when it is lost, the service probes the page", async () => {
    const { app, listen } = application();
    await registerLastseen(app);
    const router = await makeRouter(await startWorker());
    const { connect } = await listen();
    const ann = await connect();
    const sessionId = await enter(ann, "ann", "daily");
    const peer = await connectPeer(router, { sessionId });
    const evidence = () => app.lastseen.findSession(sessionId)?.evidence;
    await until(() => evidence()?.media === "connected");
    peer.vanish();
    await ann.frame(({ type }) => type === "probe", "the probe", 20_000);
    expect(evidence()).toMatchObject({ media: "lost", mediaLostBy: "ice" });
  });
});
