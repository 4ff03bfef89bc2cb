import type { Router, WebRtcTransport } from "mediasoup/types";
import { expect } from "vitest";
import type { RoomSessionMedia } from "../../../src/media/rtp/session-media.js";
import { hold, holdInNext, type Held, type Hold } from "./hold.js";
import { capabilitiesOf, joinAndSend, mediaTest, NOTHING_LEFT, opus, startMedia, type TestMedia } from "./support.js";

const FINGERPRINT = { algorithm: "sha-256", value: Array(32).fill("AB").join(":") };

/** A call that is about to be made, the point at which it will be held, and who else is there. */
interface Scene {
  session: RoomSessionMedia;
  point: Hold;
  call: () => Promise<unknown>;
  others?: RoomSessionMedia[];
}

/** Makes a transport and gets hold of mediasoup's own object for it. */
async function createTransport(
  media: TestMedia,
  session: RoomSessionMedia,
  direction: "send" | "recv",
): Promise<{ transportId: string; object: WebRtcTransport; router: Router }> {
  let object: WebRtcTransport | undefined;
  const router = await openRouter(media, session);
  router.observer.once("newtransport", (transport) => (object = transport as WebRtcTransport));
  const { id: transportId } = await session.createTransport(direction);
  if (!object) throw new Error("no transport was made");
  return { transportId, object, router };
}

async function openRouter(media: TestMedia, session: RoomSessionMedia): Promise<Router> {
  await session.createTransport("recv");
  return media.lastRouter();
}

const SCENES: Record<string, (media: TestMedia, what: Held) => Promise<Scene>> = {
  "its router is created": async (media, what) => {
    const session = await media.plane.join("room", "s");
    const point = hold(media.lastWorker(), "createRouter", what);
    return { session, point, call: () => session.createTransport("send") };
  },
  "its router's speaker observer is created": async (media, what) => {
    const session = await media.plane.join("room", "s");
    const point = holdInNext(
      (then) => media.lastWorker().observer.once("newrouter", then),
      "createActiveSpeakerObserver",
      what,
    );
    return { session, point, call: () => session.createTransport("send") };
  },
  "its transport is created": async (media, what) => {
    const session = await media.plane.join("room", "s");
    const point = hold(await openRouter(media, session), "createWebRtcTransport", what);
    return { session, point, call: () => session.createTransport("send") };
  },
  "its transport is connected": async (media, what) => {
    const session = await media.plane.join("room", "s");
    const { transportId, object } = await createTransport(media, session, "send");
    const dtls = { role: "client", fingerprints: [FINGERPRINT] };
    return { session, point: hold(object, "connect", what), call: () => session.connectTransport(transportId, dtls) };
  },
  "its producer is created": async (media, what) => {
    const session = await media.plane.join("room", "s");
    const { transportId, object } = await createTransport(media, session, "send");
    const call = () => session.produce({ transportId, kind: "audio", rtpParameters: opus() });
    return { session, point: hold(object, "produce", what), call };
  },
  "its consumer is created": async (media, what) => {
    const sender = await joinAndSend(media, "room", "sender");
    const session = await media.plane.join("room", "s");
    const { object } = await createTransport(media, session, "recv");
    const request = { producerId: sender.audioId, rtpCapabilities: capabilitiesOf(session) };
    return {
      session,
      point: hold(object, "consume", what),
      call: () => session.consume(request),
      others: [sender.media],
    };
  },
};

for (const [moment, prepare] of Object.entries(SCENES)) {
  for (const what of ["request", "answer", "nothing"] as const) {
    for (const company of ["alone", "with others"] as const) {
      mediaTest(`a session that leaves while ${moment} leaves nothing behind (held: ${what}; ${company})`, async () => {
        const media = await startMedia();
        const before = await media.held();
        const others = company === "alone" ? [] : [await media.plane.join("room", "company")];
        const scene = await prepare(media, what);
        const { session, point } = scene;
        others.push(...(scene.others ?? []));
        const outcome = scene.call().then(
          () => "done",
          (error: { code?: string }) => error.code,
        );
        await point.reached;
        session.close();
        const check = session.verifyClosed();
        point.release();
        expect(await outcome).toBe("not_joined");
        expect(await check).toEqual(NOTHING_LEFT);
        expect(media.plane.findOrphans((sessionId) => sessionId !== "s")).toEqual([]);
        expect(session.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
        for (const other of others) other.close();
        // A router that was just being made for nobody may be closed after that.
        await expect.poll(() => media.held()).toEqual(before);
        expect(media.plane.counts()).toEqual({ workers: 1, router: 0, transport: 0, producer: 0, consumer: 0 });
      });
    }
  }
}

mediaTest("a reset while a transport is being created closes that one too", async () => {
  const media = await startMedia();
  const session = await media.plane.join("room", "s");
  const router = await openRouter(media, session);
  const point = hold(router, "createWebRtcTransport", "answer");
  const outcome = session.createTransport("send");
  await point.reached;
  session.reset();
  point.release();
  await expect(outcome).rejects.toMatchObject({ code: "media_unavailable" });
  expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(media.plane.counts()).toMatchObject({ router: 1, transport: 0 });
});

mediaTest("what is created after its time limit is closed, not lost", async () => {
  const media = await startMedia({ timeLimits: { callMs: 1_000 } });
  const session = await media.plane.join("room", "s");
  const router = await openRouter(media, session);
  const point = hold(router, "createWebRtcTransport", "answer");
  await expect(session.createTransport("send")).rejects.toMatchObject({ code: "media_unavailable" });
  expect(media.plane.counts().transport).toBe(2);
  point.release();
  await expect.poll(() => media.plane.counts().transport).toBe(1);
  expect(session.counts().transports).toBe(1);
  session.close();
  expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(await media.lastWorker().dump()).toMatchObject({ routerIds: [] });
});

mediaTest("a check that waits for a creation that never ends says so instead of vouching for it", async () => {
  const media = await startMedia({ timeLimits: { callMs: 1_000 } });
  const session = await media.plane.join("room", "s");
  const router = await openRouter(media, session);
  const point = hold(router, "createWebRtcTransport", "answer");
  const outcome = expect(session.createTransport("send")).rejects.toMatchObject({ code: "not_joined" });
  await point.reached;
  session.close();
  await expect(session.verifyClosed()).rejects.toMatchObject({ code: "media_unavailable" });
  await outcome;
  point.release();
  await expect.poll(() => media.plane.counts().transport).toBe(0);
  expect(await session.verifyClosed()).toEqual(NOTHING_LEFT);
});

mediaTest("a room that is left and entered again at once has one router and no remains of the first", async () => {
  const media = await startMedia();
  const first = await media.plane.join("room", "s");
  const abandoned = first.createTransport("send");
  first.close();
  const second = await media.plane.join("room", "s");
  await Promise.all([expect(abandoned).rejects.toMatchObject({ code: "not_joined" }), second.createTransport("send")]);
  expect(await first.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(media.plane.counts()).toMatchObject({ router: 1, transport: 1 });
  expect(await media.lastWorker().dump()).toMatchObject({ routerIds: [expect.any(String)] });
});
