import { expect } from "vitest";
import {
  capabilitiesOf,
  joinAndSend,
  joinToReceive,
  mediaTest,
  NOTHING_LEFT,
  opus,
  startMedia,
  vp8,
} from "./support.js";

const FINGERPRINT = { algorithm: "sha-256", value: Array(32).fill("AB").join(":") };

mediaTest("a session sends, another receives, and after both are closed the worker holds nothing of them", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  const receiver = await joinToReceive(media, "room", "receiver");
  const consumed = await receiver.media.consume({
    producerId: sender.videoId,
    rtpCapabilities: capabilitiesOf(receiver.media),
  });
  expect(consumed).toMatchObject({ producerId: sender.videoId, kind: "video", producerPaused: false });
  expect(media.plane.counts()).toEqual({ workers: 1, router: 1, transport: 2, producer: 2, consumer: 1 });
  const ids = [sender.sendId, sender.audioId, sender.videoId, receiver.recvId, consumed.consumerId];
  const held = await media.held();
  expect(ids.filter((id) => held.has(id))).toEqual(ids);

  sender.media.close();
  receiver.media.close();
  const checks = await Promise.all([sender.media.verifyClosed(), receiver.media.verifyClosed()]);
  expect(checks).toEqual([NOTHING_LEFT, NOTHING_LEFT]);
  const heldAfter = await media.held();
  expect(ids.filter((id) => heldAfter.has(id))).toEqual([]);
  const [dump] = await Promise.all(media.workers.map((worker) => worker.dump()));
  expect(dump?.routerIds).toEqual([]);
  expect(media.plane.counts()).toEqual({ workers: 1, router: 0, transport: 0, producer: 0, consumer: 0 });
});

mediaTest("the others of a room keep their media when one leaves, and are told what they consumed of it", async () => {
  const media = await startMedia();
  const leaver = await joinAndSend(media, "room", "leaver");
  const stayer = await joinAndSend(media, "room", "stayer");
  await stayer.media.createTransport("recv");
  const rtpCapabilities = capabilitiesOf(stayer.media);
  const { consumerId } = await stayer.media.consume({ producerId: leaver.audioId, rtpCapabilities });
  leaver.media.close();
  expect(await media.next("consumer_closed")).toEqual({ sessionId: "stayer", consumerId, reason: "producer_closed" });
  expect(await leaver.media.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(stayer.media.counts()).toEqual({ transports: 2, producers: 2, consumers: 0 });
  expect(await media.held()).toContain(stayer.audioId);
  expect(media.events.producer_closed).toEqual([]);
});

mediaTest("joining needs no worker: a room's router is made with its first transport", async () => {
  const media = await startMedia();
  const session = await media.plane.join("room", "somebody");
  expect(session.routerRtpCapabilities).toMatchObject({ codecs: expect.any(Array) as unknown[] });
  expect(media.plane.counts().router).toBe(0);
  await session.createTransport("recv");
  expect(media.routers.map((router) => router.rtpCapabilities)).toEqual([session.routerRtpCapabilities]);
});

mediaTest("many who come at the same time get one router", async () => {
  const media = await startMedia();
  const sessions = await Promise.all(Array.from({ length: 10 }, (_, index) => media.plane.join("room", `s${index}`)));
  await Promise.all(sessions.map((session) => session.createTransport("send")));
  expect(media.routers).toHaveLength(1);
});

mediaTest("rooms are spread over the workers", async () => {
  const media = await startMedia({ workers: 2 });
  for (const room of ["a", "b", "c", "d"]) await (await media.plane.join(room, `in ${room}`)).createTransport("send");
  const dumps = await Promise.all(media.workers.map((worker) => worker.dump()));
  expect(dumps.map(({ routerIds }) => routerIds.length)).toEqual([2, 2]);
});

mediaTest("producers are announced with their source, their pauses and their end", async () => {
  const media = await startMedia();
  const { media: session, sendId } = await joinAndSend(media, "room", "sender");
  expect(media.events.producer_opened.map(({ producer }) => producer)).toEqual(session.producers);
  const { producerId } = await session.produce({
    transportId: sendId,
    kind: "video",
    rtpParameters: vp8(),
    source: "screen",
    paused: true,
  });
  expect(session.producers.at(-1)).toEqual({ id: producerId, kind: "video", source: "screen", paused: true });
  await session.setProducerPaused(producerId, true);
  await session.setProducerPaused(producerId, false);
  await session.setProducerPaused(producerId, true);
  const who = { roomId: "room", sessionId: "sender", producerId };
  expect(media.events.producer_changed).toEqual([
    { ...who, paused: false },
    { ...who, paused: true },
  ]);
  session.closeProducer(producerId);
  expect(media.events.producer_closed).toEqual([who]);
  expect(() => session.closeProducer(producerId)).toThrow(expect.objectContaining({ code: "not_found" }));
  expect(session.counts().producers).toBe(2);
});

mediaTest("a consumer begins paused, is resumed, gets its layers and is closed", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  const { media: receiver } = await joinToReceive(media, "room", "receiver");
  const { consumerId } = await receiver.consume({
    producerId: sender.videoId,
    rtpCapabilities: capabilitiesOf(receiver),
  });
  await receiver.setConsumerPaused(consumerId, false);
  await receiver.setConsumerPaused(consumerId, true);
  await receiver.setPreferredLayers(consumerId, 1, 2);
  await receiver.setPreferredLayers(consumerId, 0, undefined);
  receiver.closeConsumer(consumerId);
  await expect(receiver.setConsumerPaused(consumerId, false)).rejects.toMatchObject({ code: "not_found" });
  expect(await media.held()).not.toContain(consumerId);
  expect(media.events.consumer_closed).toEqual([]);
});

mediaTest("a session reaches nobody else's objects", async () => {
  const media = await startMedia();
  const owner = await joinAndSend(media, "room", "owner");
  const stranger = await joinToReceive(media, "room", "stranger");
  const other = await joinToReceive(media, "another room", "other");
  const notFound = expect.objectContaining({ code: "not_found" }) as Error;
  const rtpCapabilities = capabilitiesOf(other.media);
  await expect(other.media.consume({ producerId: owner.audioId, rtpCapabilities })).rejects.toEqual(notFound);
  await expect(stranger.media.restartIce(owner.sendId)).rejects.toEqual(notFound);
  await expect(stranger.media.connectTransport(owner.sendId, { fingerprints: [FINGERPRINT] })).rejects.toEqual(
    notFound,
  );
  await expect(
    stranger.media.produce({ transportId: owner.sendId, kind: "audio", rtpParameters: opus() }),
  ).rejects.toEqual(notFound);
  await expect(stranger.media.setProducerPaused(owner.audioId, true)).rejects.toEqual(notFound);
  expect(() => stranger.media.closeProducer(owner.audioId)).toThrow(notFound);
  const { consumerId } = await stranger.media.consume({ producerId: owner.audioId, rtpCapabilities });
  expect(() => owner.media.closeConsumer(consumerId)).toThrow(notFound);
  await expect(owner.media.setConsumerPaused(consumerId, false)).rejects.toEqual(notFound);
  await expect(owner.media.setPreferredLayers(consumerId, 0, 0)).rejects.toEqual(notFound);
});

mediaTest("one cannot receive without a transport for it, nor send through it", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  const rtpCapabilities = capabilitiesOf(sender.media);
  await expect(sender.media.consume({ producerId: sender.audioId, rtpCapabilities })).rejects.toMatchObject({
    code: "not_found",
  });
  const { media: receiver, recvId } = await joinToReceive(media, "room", "receiver");
  await expect(receiver.produce({ transportId: recvId, kind: "audio", rtpParameters: opus() })).rejects.toMatchObject({
    code: "bad_message",
  });
});

mediaTest("a session may hold so much and no more, also when it asks for all at once", async () => {
  const media = await startMedia({ sessionLimits: { transports: 3, producers: 2, consumers: 2 } });
  const session = await media.plane.join("room", "greedy");
  const forbidden = { status: "rejected", reason: { code: "forbidden" } };
  const made = await Promise.allSettled(
    (["send", "recv", "recv", "send"] as const).map((direction) => session.createTransport(direction)),
  );
  expect(made).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }, { status: "fulfilled" }, forbidden]);
  const transportId = made[0]?.status === "fulfilled" ? made[0].value.id : "";
  const produced = await Promise.allSettled(
    [opus(), opus(), opus()].map((rtpParameters) => session.produce({ transportId, kind: "audio", rtpParameters })),
  );
  expect(produced).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }, forbidden]);
  const producerId = session.producers[0]?.id ?? "";
  const rtpCapabilities = capabilitiesOf(session);
  const consumed = await Promise.allSettled([1, 2, 3].map(() => session.consume({ producerId, rtpCapabilities })));
  expect(consumed).toMatchObject([{ status: "fulfilled" }, { status: "fulfilled" }, forbidden]);
  session.closeProducer(producerId);
  await session.produce({ transportId, kind: "audio", rtpParameters: opus() });
  expect(session.counts()).toMatchObject({ transports: 3, producers: 2 });
  // Only the worker closes the consumers of a producer that was closed. It reports this at any time after the close.
  await Promise.all([media.next("consumer_closed"), media.next("consumer_closed")]);
  expect(session.counts()).toEqual({ transports: 3, producers: 2, consumers: 0 });
});

mediaTest("a reset frees everything, tells the others what they lose, and leaves the session usable", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  sender.media.reset();
  expect(sender.media.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
  expect(media.events.producer_closed.map(({ producerId }) => producerId)).toEqual([sender.audioId, sender.videoId]);
  expect(await sender.media.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(await media.held()).not.toContain(sender.sendId);
  await sender.media.createTransport("send");
  expect(sender.media.counts().transports).toBe(1);
  expect(media.routers).toHaveLength(1);
});

mediaTest("a closed session's media refuses everything and closes again without complaint", async () => {
  const media = await startMedia();
  const { media: session, sendId, audioId } = await joinAndSend(media, "room", "sender");
  session.close();
  session.close();
  session.reset();
  const notJoined = expect.objectContaining({ code: "not_joined" }) as Error;
  await expect(session.createTransport("send")).rejects.toEqual(notJoined);
  await expect(session.connectTransport(sendId, { fingerprints: [FINGERPRINT] })).rejects.toEqual(notJoined);
  await expect(session.produce({ transportId: sendId, kind: "audio", rtpParameters: opus() })).rejects.toEqual(
    notJoined,
  );
  await expect(session.consume({ producerId: audioId, rtpCapabilities: {} })).rejects.toEqual(notJoined);
  expect(() => session.closeProducer(audioId)).toThrow(notJoined);
  expect(session.closed).toBe(true);
});

mediaTest("a consumer that is asked for again before it was resumed is the same one, afterwards another", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  const { media: session } = await joinToReceive(media, "room", "receiver");
  const request = { producerId: sender.audioId, rtpCapabilities: capabilitiesOf(session) };
  const first = await session.consume(request);
  expect(await session.consume(request)).toEqual(first);
  expect(session.counts().consumers).toBe(1);
  await session.setConsumerPaused(first.consumerId, false);
  const second = await session.consume(request);
  expect(second.consumerId).not.toBe(first.consumerId);
  await session.createTransport("recv");
  expect((await session.consume(request)).consumerId).not.toBe(second.consumerId);
  expect(session.counts().consumers).toBe(3);
});

mediaTest("at the limit the place of a transport is free that the client seems never to have heard of", async () => {
  const media = await startMedia({ sessionLimits: { transports: 3 } });
  const session = await media.plane.join("room", "s");
  const unheard = await session.createTransport("send");
  const { id: sendId } = await session.createTransport("send");
  const { id: recvId } = await session.createTransport("recv");
  const { id: nextId } = await session.createTransport("recv");
  expect(media.events.transport_closed).toEqual([{ sessionId: "s", transportId: unheard.id, reason: "replaced" }]);
  await session.connectTransport(recvId, { role: "client", fingerprints: [FINGERPRINT] });
  await expect(session.createTransport("recv")).rejects.toMatchObject({ code: "forbidden" });
  const held = await media.held();
  expect([unheard.id, sendId, recvId, nextId].map((id) => held.has(id))).toEqual([false, true, true, true]);
});

mediaTest("a transport that was told to connect and never does is closed and its client told", async () => {
  const media = await startMedia({ timeLimits: { connectMs: 30 } });
  const sender = await joinAndSend(media, "room", "sender");
  const { id: unused } = await sender.media.createTransport("recv");
  await sender.media.connectTransport(sender.sendId, { role: "client", fingerprints: [FINGERPRINT] });
  expect(await media.next("transport_closed")).toEqual({
    sessionId: "sender",
    transportId: sender.sendId,
    reason: "connect_timeout",
  });
  expect(media.events.producer_closed.map(({ producerId }) => producerId)).toEqual([sender.audioId, sender.videoId]);
  expect(sender.media.counts()).toEqual({ transports: 1, producers: 0, consumers: 0 });
  const held = await media.held();
  expect([sender.sendId, sender.audioId, unused].map((id) => held.has(id))).toEqual([false, false, true]);
  expect(media.events.evidence).toEqual([]);
});
