import type { AppData } from "mediasoup/types";
import { expect } from "vitest";
import { joinAndSend, mediaTest, startMedia, type TestMedia } from "./support.js";

/** Other code in this process makes a transport on one of the service's workers. */
async function makeTransport(media: TestMedia, appData: AppData) {
  const router = await media.lastWorker().createRouter();
  return router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }], appData });
}

mediaTest("media whose session does not live is found with all that it contains, and closed", async () => {
  const media = await startMedia();
  const alive = await joinAndSend(media, "room", "alive");
  const ghost = await joinAndSend(media, "room", "ghost");
  const orphans = media.plane.findOrphans((sessionId) => sessionId === "alive");
  expect(orphans).toEqual([
    { kind: "transport", id: ghost.sendId, sessionId: "ghost" },
    { kind: "producer", id: ghost.audioId, sessionId: "ghost" },
    { kind: "producer", id: ghost.videoId, sessionId: "ghost" },
  ]);
  expect(orphans.map((orphan) => media.plane.closeOrphan(orphan))).toEqual([true, false, false]);
  expect(media.plane.findOrphans((sessionId) => sessionId === "alive")).toEqual([]);
  const held = await media.held();
  expect([ghost.sendId, ghost.audioId, alive.audioId].map((id) => held.has(id))).toEqual([false, false, true]);
  expect(ghost.media.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
});

mediaTest("objects that other code made count, and are orphans only if they name a session", async () => {
  const media = await startMedia();
  const marked = await makeTransport(media, { sessionId: "long gone" });
  const foreign = await makeTransport(media, { owner: "somebody else" });
  expect(media.plane.counts()).toMatchObject({ router: 2, transport: 2 });
  expect(media.plane.unowned()).toEqual({ transport: 1, producer: 0, consumer: 0 });
  const orphan = { kind: "transport", id: marked.id, sessionId: "long gone" } as const;
  expect(media.plane.findOrphans(() => false)).toEqual([orphan]);
  expect(media.plane.closeOrphan({ ...orphan, id: foreign.id })).toBe(false);
  expect(media.plane.closeOrphan({ ...orphan, sessionId: "another" })).toBe(false);
  expect(media.plane.closeOrphan(orphan)).toBe(true);
  expect([marked.closed, foreign.closed]).toEqual([true, false]);
});
