import { describe, expect, test } from "vitest";
import type { MediaRequests } from "../../src/ports/media-plane.js";
import { hold } from "../integration/media/hold.js";
import type { TestMedia } from "../integration/media/support.js";
import { microphone } from "./media-plane-contract.js";

const FINGERPRINT = { algorithm: "sha-256", value: Array(32).fill("AB").join(":") };
const DTLS = { role: "client", fingerprints: [FINGERPRINT] };

interface Ids {
  transportId: string;
  producerId: string;
  consumerId: string;
}

/** Each method with parameters that fit these ids. */
function callsOn(requests: MediaRequests, { transportId, producerId, consumerId }: Ids): [string, () => unknown][] {
  const { routerRtpCapabilities: rtpCapabilities } = requests;
  return [
    ["connectTransport", () => requests.connectTransport(transportId, DTLS)],
    ["restartIce", () => requests.restartIce(transportId)],
    ["produce", () => requests.produce({ transportId, kind: "audio", rtpParameters: microphone() })],
    ["setProducerPaused", () => requests.setProducerPaused(producerId, true)],
    ["consume", () => requests.consume({ producerId, rtpCapabilities })],
    ["setConsumerPaused", () => requests.setConsumerPaused(consumerId, false)],
    ["setPreferredLayers", () => requests.setPreferredLayers(consumerId, 0, undefined)],
    ["closeConsumer", () => requests.closeConsumer(consumerId)],
    ["closeProducer", () => requests.closeProducer(producerId)],
  ];
}

/** What a method throws or rejects with. */
async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return "done";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

/** A session in a room with one transport for each direction, a producer, and a consumer of it. */
async function inCall(media: TestMedia, sessionId: string) {
  const session = await media.plane.join("room", sessionId);
  const { requests } = session;
  const { id: transportId } = await requests.createTransport("send");
  const { id: recvId } = await requests.createTransport("recv");
  const { producerId } = await requests.produce({ transportId, kind: "audio", rtpParameters: microphone() });
  const { routerRtpCapabilities: rtpCapabilities } = requests;
  const consumed = await requests.consume({ producerId, rtpCapabilities });
  return { session, requests, transportId, recvId, producerId, consumerId: consumed.consumerId, consumed };
}

/** What each plane must do on which clients make the media, beyond the contract of every plane. */
export function mediaRequestsContract(name: string, start: () => Promise<TestMedia>): void {
  describe(`requests of clients: ${name}`, () => {
    test("a room's capabilities are there before its router, and are those of the router", async () => {
      const media = await start();
      const { requests } = await media.plane.join("room", "s");
      await requests.createTransport("send");
      expect(media.lastRouter().rtpCapabilities).toEqual(requests.routerRtpCapabilities);
    });

    test("the router closes with the last session of its room", async () => {
      const media = await start();
      const [one, other] = [await media.plane.join("room", "one"), await media.plane.join("room", "other")];
      await one.requests.createTransport("send");
      one.close();
      expect(media.lastRouter().closed).toBe(false);
      other.close();
      expect(media.lastRouter().closed).toBe(true);
    });

    test("every method does its work", async () => {
      const media = await start();
      const { session, requests, consumed, ...ids } = await inCall(media, "s");
      expect(consumed).toMatchObject({ producerId: ids.producerId, kind: "audio", producerPaused: false });
      for (const [method, call] of callsOn(requests, ids)) expect(await codeOf(call), method).toBe("done");
      expect(session.counts()).toMatchObject({ transports: 2, producers: 1 });
    });

    test("a repeated request is the same producer, also while the first one is under way", async () => {
      const { plane } = await start();
      const session = await plane.join("room", "s");
      const { requests } = session;
      const { id: transportId } = await requests.createTransport("send");
      const request = { transportId, kind: "audio" as const, rtpParameters: microphone() };
      const [first, beside] = await Promise.all([requests.produce(request), requests.produce(request)]);
      expect(beside).toEqual(first);
      expect(await requests.produce(request)).toEqual(first);
      expect(await requests.produce({ ...request, rtpParameters: microphone() })).not.toEqual(first);
      expect(session.counts()).toMatchObject({ producers: 2 });
    });

    test("a consumer begins paused", async () => {
      const media = await start();
      const { consumerId } = await inCall(media, "s");
      expect(media.consumers.get(consumerId)?.paused).toBe(true);
    });

    test("after the session was closed each method throws `not_joined`", async () => {
      const media = await start();
      const { session, requests, consumed: _, ...ids } = await inCall(media, "s");
      const calls = callsOn(requests, ids);
      session.close();
      expect(await codeOf(() => requests.createTransport("send"))).toBe("not_joined");
      for (const [method, call] of calls) expect(await codeOf(call), method).toBe("not_joined");
    });

    test("unknown ids, and ids of other sessions, throw `not_found`", async () => {
      const media = await start();
      const owner = await inCall(media, "owner");
      const stranger = await media.plane.join("another room", "stranger");
      await stranger.requests.createTransport("recv");
      const nowhere = { transportId: "nowhere", producerId: "nowhere", consumerId: "nowhere" };
      for (const ids of [nowhere, owner]) {
        for (const [method, call] of callsOn(stranger.requests, ids))
          expect(await codeOf(call), method).toBe("not_found");
      }
    });

    test("wrong parameters throw `bad_message`", async () => {
      const { requests, transportId, producerId } = await inCall(await start(), "s");
      const wrong = {
        produce: () => requests.produce({ transportId, kind: "video", rtpParameters: {} }),
        connectTransport: () => requests.connectTransport(transportId, {}),
        consume: () => requests.consume({ producerId, rtpCapabilities: {} }),
      };
      for (const [method, call] of Object.entries(wrong)) expect(await codeOf(call), method).toBe("bad_message");
    });

    test("a worker that does not answer, or that has died, makes methods throw `media_unavailable`", async () => {
      const media = await start();
      const { requests, transportId, producerId } = await inCall(media, "s");
      const { pid } = media.lastWorker();
      process.kill(pid, "SIGSTOP");
      const calls = [
        () => requests.createTransport("send"),
        () => requests.restartIce(transportId),
        () => requests.setProducerPaused(producerId, true),
      ].map(codeOf);
      expect(await Promise.all(calls)).toEqual(["media_unavailable", "media_unavailable", "media_unavailable"]);
    });

    test("what a method was creating when the session was closed does not stay", async () => {
      const media = await start();
      const { session, requests, transportId } = await inCall(media, "s");
      const router = media.lastRouter();
      const transport = media.transports.get(transportId);
      if (!transport) throw new Error("no transport was made");
      await media.plane.join("room", "stayer");
      const points = [hold(router, "createWebRtcTransport", "answer"), hold(transport, "produce", "answer")];
      const outcomes = [
        codeOf(() => requests.createTransport("send")),
        codeOf(() => requests.produce({ transportId, kind: "audio", rtpParameters: microphone() })),
      ];
      await Promise.all(points.map(({ reached }) => reached));
      session.close();
      const check = session.verifyClosed();
      for (const point of points) point.release();
      expect(await Promise.all(outcomes)).toEqual(["not_joined", "not_joined"]);
      expect(await check).toEqual({ transports: [], producers: [], consumers: [] });
      expect(media.plane.counts()).toMatchObject({ router: 1, transport: 0, producer: 0, consumer: 0 });
      const dump = await router.dump();
      expect([dump.transportIds, dump.mapProducerIdConsumerIds]).toEqual([[], []]);
    });

    test("what a session loses while it stays is told: producers to the room, consumers to their session", async () => {
      const media = await start();
      const { requests, producerId, consumerId } = await inCall(media, "s");
      const who = { roomId: "room", sessionId: "s", producerId };
      expect(media.events.producer_opened).toMatchObject([
        { roomId: "room", sessionId: "s", producer: { id: producerId } },
      ]);
      expect(requests.producers).toEqual([{ id: producerId, kind: "audio", paused: false }]);
      await requests.setProducerPaused(producerId, true);
      await requests.setProducerPaused(producerId, true);
      expect(media.events.producer_changed).toEqual([{ ...who, paused: true }]);
      requests.closeProducer(producerId);
      expect(media.events.producer_closed).toEqual([who]);
      expect(await media.next("consumer_closed")).toEqual({ sessionId: "s", consumerId, reason: "producer_closed" });
      expect(requests.producers).toEqual([]);
    });

    test("the rooms of a worker that has died are told which sessions lost their media; these make new transports", async () => {
      const media = await start();
      const { session, requests } = await inCall(media, "s");
      process.kill(media.lastWorker().pid, "SIGKILL");
      expect(await media.next("media_reset")).toEqual({ roomId: "room", sessionIds: ["s"], reason: "worker_died" });
      expect(session.closed).toBe(false);
      await requests.createTransport("send");
      expect(session.counts()).toEqual({ transports: 1, producers: 0, consumers: 0 });
    });

    test("media that the worker has lost is found by the second comparison; a worker that does not answer is skipped", async () => {
      const media = await start();
      const { recvId } = await inCall(media, "loser");
      await inCall(media, "keeper");
      const router = media.lastRouter();
      const dump = router.dump.bind(router);
      router.dump = async () => {
        const answer = await dump();
        return { ...answer, transportIds: answer.transportIds.filter((id) => id !== recvId) };
      };
      expect(await media.plane.findLost()).toEqual([]);
      expect(await media.plane.findLost()).toEqual(["loser"]);
      router.dump = dump;
      expect(await media.plane.findLost()).toEqual([]);
      process.kill(media.lastWorker().pid, "SIGSTOP");
      expect(await media.plane.findLost()).toEqual([]);
    });

    test("nobody joins a plane that is closed", async () => {
      const { plane } = await start();
      await plane.close();
      await expect(plane.join("room", "late")).rejects.toMatchObject({ code: "media_unavailable" });
      expect(plane.counts().workers).toBe(0);
    });
  });
}
