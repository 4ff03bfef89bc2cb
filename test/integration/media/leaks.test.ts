import { expect } from "vitest";
import { capabilitiesOf, joinAndSend, mediaTest, NOTHING_LEFT, opus, startMedia } from "./support.js";

mediaTest("300 visits leave nothing in the worker, in the records of the service or in the room", async () => {
  const media = await startMedia();
  const host = await joinAndSend(media, "room", "host");
  const [worker] = media.workers;
  const before = await media.held();
  const listenersBefore = worker?.observer.listenerCount("newrouter");
  for (let visit = 0; visit < 300; visit += 1) {
    const session = await media.plane.join("room", `visitor ${visit}`);
    const { id: transportId } = await session.createTransport("send");
    await session.createTransport("recv");
    if (visit % 3 === 0) await session.produce({ transportId, kind: "audio", rtpParameters: opus() });
    if (visit % 3 === 1) {
      await session.consume({ producerId: host.videoId, rtpCapabilities: capabilitiesOf(session) });
    }
    session.close();
    if (visit % 30 === 0) expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
  }
  expect(media.plane.counts()).toEqual({ workers: 1, router: 1, transport: 1, producer: 2, consumer: 0 });
  expect([...(await media.held())].sort()).toEqual([...before].sort());
  expect(worker?.observer.listenerCount("newrouter")).toBe(listenersBefore);
  expect(media.plane.findOrphans((sessionId) => sessionId === "host")).toEqual([]);
});

mediaTest("300 rooms that come and go leave no router", async () => {
  const media = await startMedia();
  for (let visit = 0; visit < 300; visit += 1) {
    const session = await media.plane.join(`room ${visit}`, "visitor");
    await session.createTransport("send");
    session.close();
  }
  expect(media.plane.counts()).toEqual({ workers: 1, router: 0, transport: 0, producer: 0, consumer: 0 });
  const dump = await media.workers[0]?.dump();
  expect(dump?.routerIds).toEqual([]);
  expect(dump?.channelMessageHandlers.channelRequestHandlers).toEqual(dump?.webRtcServerIds);
});

mediaTest("after the plane is closed its workers have ended and nothing listens any more", async () => {
  const interrupts = process.listenerCount("SIGINT");
  const terminations = process.listenerCount("SIGTERM");
  const media = await startMedia({ workers: 2 });
  // The service decides when workers end; mediasoup would do it on its own.
  expect([process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")]).toEqual([interrupts, terminations]);
  await joinAndSend(media, "room", "somebody");
  await media.plane.close();
  expect(media.workers.map(({ subprocessClosed, died }) => ({ subprocessClosed, died }))).toEqual([
    { subprocessClosed: true, died: false },
    { subprocessClosed: true, died: false },
  ]);
  expect(media.plane.available).toBe(false);
  expect(media.plane.counts()).toEqual({ workers: 0, router: 0, transport: 0, producer: 0, consumer: 0 });
  await expect(media.plane.join("room", "late")).rejects.toMatchObject({ code: "media_unavailable" });
  expect(media.events).toMatchObject({ media_reset: [], worker_died: [], producer_closed: [], consumer_closed: [] });
});
