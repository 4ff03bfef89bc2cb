import { expect } from "vitest";
import { mediaTest, NOTHING_LEFT, opus, startMedia } from "./support.js";
import { missingForPeers, WebRtcPeer } from "./webrtc-peer.js";

function peerTest(name: string, run: () => Promise<void>): void {
  mediaTest(name, run, missingForPeers);
}

peerTest("media is connected with ICE and DTLS, lost with the consent, and then its place is free again", async () => {
  const media = await startMedia({ sessionLimits: { transports: 1 } });
  const session = await media.plane.join("room", "s");
  const peer = await WebRtcPeer.connect(media, session, "send");
  const { transportId } = peer;
  expect(await media.next("evidence")).toEqual({ sessionId: "s", state: "connected" });
  const { producerId } = await session.produce({ transportId, kind: "audio", rtpParameters: opus() });
  await expect(session.createTransport("send")).rejects.toMatchObject({ code: "forbidden" });
  const cutAt = performance.now();
  peer.vanish();
  expect(await media.next("evidence")).toEqual({ sessionId: "s", state: "lost", by: "ice" });
  // The consent ends after ten seconds; mediasoup's own default is thirty.
  expect(performance.now() - cutAt).toBeLessThan(20_000);
  // It may come back: that is for the session to judge.
  expect(session.counts()).toEqual({ transports: 1, producers: 1, consumers: 0 });
  await WebRtcPeer.connect(media, session, "send");
  expect(await media.next("evidence")).toEqual({ sessionId: "s", state: "connected" });
  expect(session.counts()).toEqual({ transports: 1, producers: 0, consumers: 0 });
  expect(media.events.producer_closed).toEqual([{ roomId: "room", sessionId: "s", producerId }]);
});

peerTest("what a page sent over a transport that it has replaced is not shown for ever", async () => {
  const media = await startMedia({ timeLimits: { connectMs: 6_000 } });
  const session = await media.plane.join("room", "s");
  const first = await WebRtcPeer.connect(media, session, "send");
  const receiving = await WebRtcPeer.connect(media, session, "recv");
  const { transportId } = first;
  const { producerId } = await session.produce({ transportId, kind: "audio", rtpParameters: opus() });
  await WebRtcPeer.connect(media, session, "send");
  receiving.vanish();
  first.vanish();
  expect(await media.next("producer_closed")).toMatchObject({ producerId });
  expect(await media.next("transport_closed")).toEqual({ sessionId: "s", transportId, reason: "replaced" });
  // Nothing has replaced what it received over, which may come back.
  expect(session.counts()).toEqual({ transports: 2, producers: 0, consumers: 0 });
  expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
});

peerTest("media is lost only when no transport is left that is connected", async () => {
  const media = await startMedia();
  const session = await media.plane.join("room", "s");
  const sending = await WebRtcPeer.connect(media, session, "send");
  const receiving = await WebRtcPeer.connect(media, session, "recv");
  const { transportId } = sending;
  await session.produce({ transportId, kind: "audio", rtpParameters: opus() });
  expect(await media.next("evidence")).toEqual({ sessionId: "s", state: "connected" });
  sending.sayGoodbye();
  expect(await media.next("producer_closed")).toMatchObject({ sessionId: "s" });
  expect(session.counts()).toEqual({ transports: 1, producers: 0, consumers: 0 });
  receiving.sayGoodbye();
  expect(await media.next("evidence")).toEqual({ sessionId: "s", state: "lost", by: "dtls" });
  expect(session.counts().transports).toBe(0);
  expect(media.events.transport_closed).toEqual([]);
});

peerTest("what this side closes is no evidence of loss", async () => {
  const media = await startMedia();
  const session = await media.plane.join("room", "s");
  await WebRtcPeer.connect(media, session, "send");
  session.reset();
  await WebRtcPeer.connect(media, session, "send");
  process.kill(media.lastWorker().pid, "SIGKILL");
  await media.next("media_reset");
  await WebRtcPeer.connect(media, session, "send");
  session.close();
  const connected = { sessionId: "s", state: "connected" };
  expect(media.events.evidence).toEqual([connected, connected, connected]);
});

peerTest("a transport that is up outlives the time that it had to connect", async () => {
  const media = await startMedia({ timeLimits: { connectMs: 4_000 } });
  const session = await media.plane.join("room", "s");
  const other = await media.plane.join("room", "other");
  await WebRtcPeer.connect(media, session, "send");
  const { id } = await other.createTransport("send");
  await other.connectTransport(id, {
    role: "client",
    fingerprints: [{ algorithm: "sha-1", value: Array(20).fill("00").join(":") }],
  });
  expect(await media.next("transport_closed")).toMatchObject({ sessionId: "other" });
  expect(session.counts().transports).toBe(1);
});
