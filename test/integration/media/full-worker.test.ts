import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Worker } from "mediasoup/types";
import { expect } from "vitest";
import { joinAndSend, mediaTest, NOTHING_LEFT, startMedia, type TestMedia } from "./support.js";

/** From now on the process gets hardly any more memory than it has. */
function letNoMore({ pid }: Worker): void {
  const size = Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
  execFileSync("prlimit", [`--pid=${pid}`, `--as=${size + 1_000_000}`]);
}

async function workerOf(media: TestMedia, routerId: string): Promise<Worker> {
  for (const worker of media.workers) {
    if ((await worker.dump()).routerIds.includes(routerId)) return worker;
  }
  throw new Error("no worker has that router");
}

/** New people come into the room until one of them cannot have a transport. */
async function fill(media: TestMedia, roomId: string): Promise<{ sessionIds: string[]; refused: unknown }> {
  const sessionIds: string[] = [];
  for (;;) {
    const sessionId = `${roomId}-${sessionIds.length}`;
    sessionIds.push(sessionId);
    const session = await media.plane.join(roomId, sessionId);
    try {
      await session.createTransport("recv");
    } catch (refused) {
      return { sessionIds, refused };
    }
  }
}

mediaTest("a room that its worker has no more memory for moves to another one, and the others stay", async () => {
  const media = await startMedia({ workers: 2 });
  const stayer = await joinAndSend(media, "first", "stayer");
  const full = await workerOf(media, media.lastRouter().id);
  const elsewhere = await joinAndSend(media, "second", "elsewhere");
  const sender = await joinAndSend(media, "third", "sender");
  expect(await workerOf(media, media.lastRouter().id)).toBe(full);
  letNoMore(full);

  const { sessionIds, refused } = await fill(media, "third");
  expect(refused).toMatchObject({ code: "media_unavailable" });
  expect(media.events.media_reset).toEqual([
    { roomId: "third", sessionIds: ["sender", ...sessionIds], reason: "worker_full" },
  ]);
  expect(sender.media.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
  expect(media.events).toMatchObject({ producer_closed: [], consumer_closed: [], evidence: [], worker_died: [] });
  const warnings = media.log.filter(({ level }) => level === "warn");
  expect(warnings.map(({ message }) => message)).toEqual(["a media worker is full, a room moves"]);

  await sender.media.createTransport("send");
  expect(await workerOf(media, media.lastRouter().id)).not.toBe(full);
  expect((await full.dump()).routerIds).toHaveLength(1);
  expect(stayer.media.counts()).toEqual({ transports: 1, producers: 2, consumers: 0 });
  expect(elsewhere.media.counts()).toEqual({ transports: 1, producers: 2, consumers: 0 });
  sender.media.close();
  expect(await sender.media.verifyClosed()).toEqual(NOTHING_LEFT);

  // Nothing new is put where there was no room a moment ago.
  await joinAndSend(media, "fourth", "next");
  expect(await workerOf(media, media.lastRouter().id)).not.toBe(full);
});

mediaTest("where no other worker has room, who is in the call stays in it", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "only", "sender");
  letNoMore(media.lastWorker());
  const { refused } = await fill(media, "only");
  expect(refused).toMatchObject({ code: "media_unavailable", retryable: true });
  expect(media.events).toMatchObject({ media_reset: [], worker_died: [] });
  expect(sender.media.counts()).toEqual({ transports: 1, producers: 2, consumers: 0 });
  await sender.media.setProducerPaused(sender.audioId, true);
});
