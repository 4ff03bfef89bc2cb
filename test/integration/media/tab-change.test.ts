import { expect } from "vitest";
import { hold } from "./hold.js";
import { joinAndSend, joinToReceive, mediaTest, NOTHING_LEFT, opus, startMedia, vp8 } from "./support.js";
import { missingForPeers, WebRtcPeer } from "./webrtc-peer.js";

const BOTH = ["mic", "camera"];

mediaTest("what the tab before was making when another tab took over is undone", async () => {
  const media = await startMedia();
  const { media: session, sendId, audioId, videoId } = await joinAndSend(media, "room", "s");
  const before = await media.held();
  const router = hold(media.lastRouter(), "createWebRtcTransport", "answer");
  const transport = hold(media.transports.get(sendId) as object, "produce", "answer");
  const late = session.createTransport("recv");
  const lateToo = session.produce({ transportId: sendId, kind: "audio", rtpParameters: opus(), source: "mic" });
  await Promise.all([router.reached, transport.reached]);
  expect(session.changeTab(BOTH, () => {})).toBeDefined();
  const refused = [
    expect(late).rejects.toMatchObject({ code: "media_unavailable" }),
    expect(lateToo).rejects.toMatchObject({ code: "not_found" }),
  ];
  router.release();
  transport.release();
  await Promise.all(refused);
  await expect.poll(() => media.held()).toEqual(before);
  expect(session.producers.map(({ id }) => id)).toEqual([audioId, videoId]);
  expect(media.events.producer_opened).toHaveLength(2);
});

mediaTest(
  "a session that leaves in the middle of a change leaves nothing, and its check covers both tabs",
  async () => {
    const media = await startMedia();
    const { media: stayer } = await joinToReceive(media, "room", "stayer");
    const before = await media.held();
    const { media: session } = await joinAndSend(media, "room", "s");
    let over = 0;
    session.changeTab(BOTH, () => (over += 1));
    const { id: transportId } = await session.createTransport("send");
    await session.produce({ transportId, kind: "audio", rtpParameters: opus(), source: "mic" });
    expect(session.counts()).toEqual({ transports: 2, producers: 3, consumers: 0 });
    session.close();
    expect(over).toBe(1);
    expect(session.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
    expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
    expect(await media.held()).toEqual(before);
    expect(media.events.producer_closed).toEqual([]);
    expect(stayer.counts().transports).toBe(1);
  },
);

mediaTest("the new tab has limits of its own, and its requests do not reach what the tab before has made", async () => {
  const media = await startMedia({ sessionLimits: { transports: 1, producers: 2 } });
  const { media: session, sendId, audioId } = await joinAndSend(media, "room", "s");
  session.changeTab(BOTH, () => {});
  await expect(session.restartIce(sendId)).rejects.toMatchObject({ code: "not_found" });
  await expect(session.setProducerPaused(audioId, true)).rejects.toMatchObject({ code: "not_found" });
  const { id: transportId } = await session.createTransport("send");
  await session.produce({ transportId, kind: "audio", rtpParameters: opus(), source: "mic" });
  await session.produce({ transportId, kind: "video", rtpParameters: vp8(), source: "camera" });
  await expect(session.createTransport("send")).rejects.toMatchObject({ code: "forbidden" });
});

mediaTest("a change that is undone closes what the new tab has made, and the tab before can go on", async () => {
  const media = await startMedia();
  const { media: session, sendId, audioId, videoId } = await joinAndSend(media, "room", "s");
  const before = await media.held();
  const change = session.changeTab(BOTH, () => {});
  const { id: transportId } = await session.createTransport("send");
  const { producerId } = await session.produce({
    transportId,
    kind: "audio",
    rtpParameters: opus(),
    source: "mic",
  });
  expect(change?.undo()).toBe(true);
  expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(await media.held()).toEqual(before);
  expect(media.events.producer_closed).toEqual([{ roomId: "room", sessionId: "s", producerId }]);
  expect(session.producers.map(({ id }) => id)).toEqual([audioId, videoId]);
  await session.produce({ transportId: sendId, kind: "audio", rtpParameters: opus() });
  await session.createTransport("recv");
});

mediaTest(
  "what ICE and DTLS say of the tab before does not count while another tab has the session",
  async () => {
    const media = await startMedia();
    const session = await media.plane.join("room", "s");
    const sending = await WebRtcPeer.connect(media, session, "send");
    const receiving = await WebRtcPeer.connect(media, session, "recv");
    const { transportId } = sending;
    await session.produce({ transportId, kind: "audio", rtpParameters: opus(), source: "mic" });
    const connected = { sessionId: "s", state: "connected" };
    expect(await media.next("evidence")).toEqual(connected);
    const change = session.changeTab(["mic"], () => {});
    receiving.sayGoodbye();
    await expect.poll(() => session.counts().transports).toBe(1);
    const newer = await WebRtcPeer.connect(media, session, "recv");
    expect(await media.next("evidence")).toEqual(connected);
    newer.sayGoodbye();
    expect(await media.next("evidence")).toEqual({ sessionId: "s", state: "lost", by: "dtls" });
    // The tab before has lost a transport and does not know it.
    expect(change?.undo()).toBe(false);
    expect(await media.next("evidence")).toEqual(connected);
    expect(media.events.transport_closed).toEqual([]);
  },
  missingForPeers,
);
