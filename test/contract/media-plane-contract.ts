import type { Router, WebRtcTransport, Worker } from "mediasoup/types";
import { describe, expect, test } from "vitest";
import type { MediaEvents, MediaLeftovers, MediaPlane, SessionMedia } from "../../src/ports/media-plane.js";
import { missingForPeers, type WebRtcPeer } from "../integration/media/webrtc-peer.js";

/** Media of one session in one room: a transport with a producer in it. */
export interface MadeMedia {
  transportId: string;
  producerId: string;
  /** mediasoup's own object. */
  transport: WebRtcTransport;
}

/** A plane with media, and what a test needs to make some. */
export interface MediaPlaneUnderTest {
  plane: MediaPlane;
  /** The worker that all rooms are on. */
  worker(): Worker;
  router(roomId: string): Router;
  /** Makes media for the session as it is usual on this plane: the client asks for it, or the application makes it. */
  make(session: SessionMedia, sessionId: string, roomId: string): Promise<MadeMedia>;
  /** Connects a client to a new transport of the session. */
  connect(
    session: SessionMedia,
    sessionId: string,
    roomId: string,
  ): Promise<{ peer: WebRtcPeer; transport: WebRtcTransport }>;
}

const NOTHING: MediaLeftovers = { transports: [], producers: [], consumers: [] };
const NO_COUNTS = { transports: 0, producers: 0, consumers: 0 };
const OPUS = {
  codecs: [{ mimeType: "audio/opus" as const, payloadType: 111, clockRate: 48_000, channels: 2 }],
};
let ssrc = 1_000_000;

/** What a microphone sends; each call has another SSRC. */
export const microphone = () => ({ ...OPUS, mid: String(ssrc), encodings: [{ ssrc: ssrc++ }] });

/** The ids of all objects in the worker, from the worker itself. */
async function heldBy(worker: Worker): Promise<ReadonlySet<string>> {
  const dump = await worker.dump();
  return new Set(dump.channelMessageHandlers.channelRequestHandlers);
}

function next<K extends keyof MediaEvents>(plane: MediaPlane, event: K): Promise<MediaEvents[K]> {
  return new Promise((resolve) => {
    const stop = plane.on(event, (data) => {
      stop();
      resolve(data);
    });
  });
}

/** Collects every event from now on. */
function collect(plane: MediaPlane): string[] {
  const seen: string[] = [];
  for (const name of [
    "evidence",
    "producer_opened",
    "producer_changed",
    "producer_closed",
    "consumer_closed",
    "transport_closed",
    "media_reset",
    "worker_died",
  ] as const) {
    plane.on(name, () => void seen.push(name));
  }
  return seen;
}

/**
 * What every adapter of the port {@link MediaPlane} must do.
 *
 * @param create makes a plane without any media, and releases what the plane needs when the test has ended
 */
export function mediaPlaneContract(name: string, create: () => Promise<MediaPlane>): void {
  describe(`every media plane: ${name}`, () => {
    test("`requests` is there if and only if clients can make media", async () => {
      const plane = await create();
      const { requests } = await plane.join("room", "s");
      expect(requests !== null).toBe(plane.enabled);
      if (!plane.enabled) expect(plane.available).toBe(false);
      expect(plane.enabled).toBe(plane.available);
    });

    test("a session without media is open, holds nothing, and can be reset and closed again and again", async () => {
      const plane = await create();
      const session = await plane.join("room", "s");
      expect(session.closed).toBe(false);
      expect(session.counts()).toEqual(NO_COUNTS);
      session.reset();
      expect(session.closed).toBe(false);
      session.close();
      session.close();
      session.reset();
      expect(session.closed).toBe(true);
      expect(session.counts()).toEqual(NO_COUNTS);
      expect(await session.verifyClosed()).toEqual(NOTHING);
    });

    test("when another tab takes over, nothing goes on where there is nothing", async () => {
      const plane = await create();
      const session = await plane.join("room", "s");
      let isOver = false;
      expect(session.changeTab(["mic"], () => (isOver = true))).toBeUndefined();
      session.close();
      expect(session.changeTab(["mic"], () => (isOver = true))).toBeUndefined();
      expect(isOver).toBe(false);
    });

    test("an orphan that is nowhere cannot be closed", async () => {
      const plane = await create();
      expect(plane.findOrphans(() => false)).toEqual([]);
      expect(plane.closeOrphan({ kind: "transport", id: "nowhere", sessionId: "s" })).toBe(false);
      expect(plane.unowned()).toEqual({ transport: 0, producer: 0, consumer: 0 });
      expect(plane.counts()).toMatchObject({ router: 0, transport: 0, producer: 0, consumer: 0 });
    });

    test("the plane can be closed twice", async () => {
      const plane = await create();
      const session = await plane.join("room", "s");
      await plane.close();
      await plane.close();
      expect(plane.available).toBe(false);
      session.close();
    });
  });
}

/**
 * What every adapter of the port {@link MediaPlane} must do that has media.
 *
 * @param create makes a plane whose requests to workers have a time limit of 1 s at most, and releases what the plane needs
 *   when the test has ended
 */
export function mediaInPlaneContract(name: string, create: () => Promise<MediaPlaneUnderTest>): void {
  describe(`a media plane with media: ${name}`, () => {
    test("close ends all media of the session at once, and the worker confirms it; the media of others stays", async () => {
      const media = await create();
      const { plane } = media;
      const [leaver, stayer] = [await plane.join("room", "leaver"), await plane.join("room", "stayer")];
      const gone = await media.make(leaver, "leaver", "room");
      const kept = await media.make(stayer, "stayer", "room");
      expect(leaver.counts()).toEqual({ transports: 1, producers: 1, consumers: 0 });
      leaver.close();
      leaver.close();
      expect([leaver.closed, leaver.counts()]).toEqual([true, NO_COUNTS]);
      expect(gone.transport.closed).toBe(true);
      expect(await leaver.verifyClosed()).toEqual(NOTHING);
      const held = await heldBy(media.worker());
      expect([gone.transportId, gone.producerId].filter((id) => held.has(id))).toEqual([]);
      expect([kept.transportId, kept.producerId].filter((id) => !held.has(id))).toEqual([]);
      expect(stayer.counts()).toEqual({ transports: 1, producers: 1, consumers: 0 });
    });

    test("after a reset all media is gone, and the session can have new media", async () => {
      const media = await create();
      const { plane } = media;
      const session = await plane.join("room", "s");
      const before = await media.make(session, "s", "room");
      session.reset();
      expect([session.closed, session.counts()]).toEqual([false, NO_COUNTS]);
      expect(await session.verifyClosed()).toEqual(NOTHING);
      expect(await heldBy(media.worker())).not.toContain(before.transportId);
      await media.make(session, "s", "room");
      expect(session.counts()).toEqual({ transports: 1, producers: 1, consumers: 0 });
    });

    test("when another tab takes over and sends nothing of the same, all media is gone as after a reset", async () => {
      const media = await create();
      const session = await media.plane.join("room", "s");
      const before = await media.make(session, "s", "room");
      expect(session.changeTab(["a source that nobody has"], () => {})).toBeUndefined();
      expect([session.closed, session.counts()]).toEqual([false, NO_COUNTS]);
      expect(await session.verifyClosed()).toEqual(NOTHING);
      expect(await heldBy(media.worker())).not.toContain(before.transportId);
    });

    test("a check names what the worker still holds, until the worker does not hold it any more", async () => {
      const media = await create();
      const { plane } = media;
      const session = await plane.join("room", "s");
      const stayer = await plane.join("room", "stayer");
      await media.make(stayer, "stayer", "room");
      const { transportId } = await media.make(session, "s", "room");
      const router = media.router("room");
      const dump = router.dump.bind(router);
      router.dump = async () => {
        const answer = await dump();
        return { ...answer, transportIds: [...answer.transportIds, transportId] };
      };
      session.close();
      expect(await session.verifyClosed()).toEqual({ ...NOTHING, transports: [transportId] });
      router.dump = dump;
      expect(await session.verifyClosed()).toEqual(NOTHING);
    });

    test("one answer of the worker serves the checks of all sessions in the room that leave together", async () => {
      const media = await create();
      const { plane } = media;
      const stayer = await plane.join("room", "stayer");
      await media.make(stayer, "stayer", "room");
      const leavers = await Promise.all(
        ["a", "b", "c"].map(async (id) => ({ id, media: await plane.join("room", id) })),
      );
      for (const leaver of leavers) await media.make(leaver.media, leaver.id, "room");
      const router = media.router("room");
      const dump = router.dump.bind(router);
      let asked = 0;
      router.dump = () => {
        asked += 1;
        return dump();
      };
      for (const leaver of leavers) leaver.media.close();
      const checks = await Promise.all(leavers.map((leaver) => leaver.media.verifyClosed()));
      expect(checks).toEqual([NOTHING, NOTHING, NOTHING]);
      expect(asked).toBe(1);
    });

    test("a check rejects when the worker does not answer in time, and close does not wait for the worker", async () => {
      const media = await create();
      const { plane } = media;
      const session = await plane.join("room", "s");
      await media.make(session, "s", "room");
      const { pid } = media.worker();
      process.kill(pid, "SIGSTOP");
      try {
        session.close();
        expect([session.closed, session.counts()]).toEqual([true, NO_COUNTS]);
        await expect(session.verifyClosed()).rejects.toMatchObject({ code: "media_unavailable" });
      } finally {
        process.kill(pid, "SIGCONT");
      }
    });

    test("when the worker has died the plane says so, and nothing is left of its sessions", async () => {
      const media = await create();
      const { plane } = media;
      const session = await plane.join("room", "s");
      await media.make(session, "s", "room");
      const died = next(plane, "worker_died");
      process.kill(media.worker().pid, "SIGKILL");
      expect(await died).toEqual(plane.enabled ? { workerIndex: 0, rooms: 1 } : { workerIndex: null, rooms: null });
      expect(session.counts()).toEqual(NO_COUNTS);
      expect(plane.counts()).toMatchObject({ router: 0, transport: 0, producer: 0, consumer: 0 });
      session.close();
      expect(await session.verifyClosed()).toEqual(NOTHING);
    });

    test("objects of other code are counted, and are neither orphans nor closed", async () => {
      const media = await create();
      const { plane } = media;
      const session = await plane.join("room", "s");
      await media.make(session, "s", "room");
      const before = plane.counts();
      const foreign = await makeTransport(media.router("room"), { owner: "somebody else" });
      const producer = await foreign.produce({ kind: "audio", rtpParameters: microphone() });
      expect(plane.counts()).toEqual({ ...before, transport: before.transport + 1, producer: before.producer + 1 });
      expect(plane.unowned()).toEqual({ transport: 1, producer: 1, consumer: 0 });
      expect(plane.findOrphans((sessionId) => sessionId === "s")).toEqual([]);
      session.reset();
      for (const sessionId of ["s", "somebody else"]) {
        expect(plane.closeOrphan({ kind: "transport", id: foreign.id, sessionId })).toBe(false);
      }
      expect([foreign.closed, producer.closed]).toEqual([false, false]);
    });

    test("when all orphans are closed, the worker holds nothing of their sessions", async () => {
      const media = await create();
      const { plane } = media;
      const [ghost, alive] = [await plane.join("room", "ghost"), await plane.join("room", "alive")];
      const left = await media.make(ghost, "ghost", "room");
      const kept = await media.make(alive, "alive", "room");
      const isLive = (sessionId: string) => sessionId === "alive";
      const [first, ...others] = plane.findOrphans(isLive);
      if (!first) throw new Error("no orphan was found");
      expect([first, ...others].map(({ sessionId }) => sessionId)).not.toContain("alive");
      expect(plane.closeOrphan({ ...first, sessionId: "alive" })).toBe(false);
      expect(plane.closeOrphan(first)).toBe(true);
      expect(plane.closeOrphan(first)).toBe(false);
      for (const orphan of others) plane.closeOrphan(orphan);
      expect(plane.findOrphans(isLive)).toEqual([]);
      const held = await heldBy(media.worker());
      expect([left.transportId, left.producerId].filter((id) => held.has(id))).toEqual([]);
      expect([kept.transportId, kept.producerId].filter((id) => !held.has(id))).toEqual([]);
    });

    test("a listener that was removed hears nothing", async () => {
      const media = await create();
      const { plane } = media;
      const heard: unknown[] = [];
      plane.on("worker_died", (event) => void heard.push(event))();
      const died = next(plane, "worker_died");
      process.kill(media.worker().pid, "SIGKILL");
      await died;
      expect(heard).toEqual([]);
    });

    test("a session that closes, and a plane that closes, tell nothing", async () => {
      const media = await create();
      const { plane } = media;
      const [session, other] = [await plane.join("room", "s"), await plane.join("room", "other")];
      await media.make(session, "s", "room");
      await media.make(other, "other", "room");
      const events = collect(plane);
      session.close();
      await session.verifyClosed();
      await plane.close();
      expect(events).toEqual([]);
    });

    test.skipIf(missingForPeers)(
      "media is `connected` with ICE and DTLS, and `lost` when no transport is left that is connected",
      async () => {
        const media = await create();
        const { plane } = media;
        const session = await plane.join("room", "s");
        const connected = next(plane, "evidence");
        const one = await media.connect(session, "s", "room");
        expect(await connected).toEqual({ sessionId: "s", state: "connected" });
        const other = await media.connect(session, "s", "room");
        const all: unknown[] = [];
        plane.on("evidence", (event) => void all.push(event));
        one.peer.sayGoodbye();
        await expect.poll(() => one.transport.dtlsState, { timeout: 10_000 }).toBe("closed");
        const lost = next(plane, "evidence");
        other.peer.sayGoodbye();
        expect(await lost).toEqual({ sessionId: "s", state: "lost", by: "dtls" });
        expect(all).toEqual([{ sessionId: "s", state: "lost", by: "dtls" }]);
      },
    );
  });
}

/** Makes a transport as an application does. */
export function makeTransport(router: Router, appData: Record<string, unknown>): Promise<WebRtcTransport> {
  return router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }], appData });
}
