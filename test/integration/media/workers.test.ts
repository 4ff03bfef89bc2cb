import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { observer } from "mediasoup";
import type { RtpParameters, Worker } from "mediasoup/types";
import { expect } from "vitest";
import { capabilitiesOf, joinAndSend, joinToReceive, mediaTest, NOTHING_LEFT, startMedia, vp8 } from "./support.js";

/** Only ever a process that the test itself has started. */
function signal(worker: Worker | undefined, name: "SIGKILL" | "SIGSTOP"): void {
  if (!worker || worker.closed) throw new Error("there is no such worker");
  process.kill(worker.pid, name);
}

/** Ports in a row that are free for UDP and TCP, below those that the system and mediasoup give out. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 5_000 + Math.floor(Math.random() * 4_900);
    const taken = await Promise.all(Array.from({ length: count }, (_, index) => isTaken(first + index)));
    if (!taken.includes(true)) return first;
  }
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket("udp4");
  try {
    await Promise.all([
      once(server.listen(port, "127.0.0.1"), "listening"),
      once(socket.bind(port, "127.0.0.1"), "listening"),
    ]);
    return false;
  } catch {
    return true;
  } finally {
    server.close();
    socket.close();
  }
}

mediaTest("a killed worker's rooms are told once, and their sessions go on with the next worker", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  const receiver = await joinToReceive(media, "room", "receiver");
  const idle = await media.plane.join("room", "idle");
  await receiver.media.consume({ producerId: sender.audioId, rtpCapabilities: capabilitiesOf(receiver.media) });
  signal(media.workers[0], "SIGKILL");
  expect(await media.next("media_reset")).toEqual({
    roomId: "room",
    sessionIds: ["sender", "receiver", "idle"],
    reason: "worker_died",
  });
  expect(await media.next("worker_died")).toEqual({ workerIndex: 0, rooms: 1 });
  expect(sender.media.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
  expect(sender.media.producers).toEqual([]);
  expect(media.plane.counts()).toMatchObject({ router: 0, transport: 0, producer: 0, consumer: 0 });

  // No worker is there at this moment; the request waits for it.
  const { id: transportId } = await idle.createTransport("recv");
  expect(await media.held()).toContain(transportId);
  expect(media.workers).toHaveLength(2);
  const again = await joinAndSend(media, "room", "late");
  await idle.consume({ producerId: again.videoId, rtpCapabilities: capabilitiesOf(idle) });
  expect(media.events).toMatchObject({ producer_closed: [], consumer_closed: [], evidence: [] });
  expect(media.events.media_reset).toHaveLength(1);
});

mediaTest("the rooms of the other workers notice nothing", async () => {
  const media = await startMedia({ workers: 2 });
  const one = await joinAndSend(media, "one", "in one");
  const two = await joinAndSend(media, "two", "in two");
  signal(media.workers[0], "SIGKILL");
  const { roomId } = await media.next("media_reset");
  const [lost, kept] = roomId === "one" ? [one, two] : [two, one];
  expect(lost.media.counts().transports).toBe(0);
  expect(kept.media.counts()).toEqual({ transports: 1, producers: 2, consumers: 0 });
  await kept.media.setProducerPaused(kept.audioId, true);
  await lost.media.createTransport("send");
  expect(media.events.media_reset).toHaveLength(1);
});

mediaTest("nothing can be left of a session whose worker has ended", async () => {
  const media = await startMedia();
  const before = await joinAndSend(media, "room", "before");
  const during = await joinAndSend(media, "room", "during");
  before.media.close();
  const check = before.media.verifyClosed();
  signal(media.workers[0], "SIGKILL");
  expect(await check).toEqual(NOTHING_LEFT);
  await media.next("worker_died");
  during.media.close();
  expect(await during.media.verifyClosed()).toEqual(NOTHING_LEFT);
});

mediaTest("requests that a dying worker does not answer any more are media_unavailable", async () => {
  const media = await startMedia();
  const sender = await joinAndSend(media, "room", "sender");
  signal(media.workers[0], "SIGSTOP");
  const requests = Promise.allSettled([
    sender.media.createTransport("recv"),
    sender.media.restartIce(sender.sendId),
    sender.media.setProducerPaused(sender.audioId, true),
  ]);
  signal(media.workers[0], "SIGKILL");
  const unavailable = { status: "rejected", reason: { code: "media_unavailable" } };
  expect(await requests).toMatchObject([unavailable, unavailable, unavailable]);
});

mediaTest("a worker that stands still is found, killed and replaced", async () => {
  const media = await startMedia({ timeLimits: { callMs: 1_500, healthIntervalMs: 50 } });
  const sender = await joinAndSend(media, "room", "sender");
  const [stopped] = media.workers;
  signal(stopped, "SIGSTOP");
  await media.next("media_reset");
  expect(stopped?.died).toBe(true);
  await expect.poll(() => media.plane.available).toBe(true);
  await sender.media.createTransport("send");
  expect(media.workers).toHaveLength(2);
});

mediaTest(
  "a request that is not answered in time has the worker looked at without waiting for the next round",
  async () => {
    const media = await startMedia({ timeLimits: { callMs: 1_500, healthIntervalMs: 60_000 } });
    const sender = await joinAndSend(media, "room", "sender");
    signal(media.workers[0], "SIGSTOP");
    await expect(sender.media.createTransport("recv")).rejects.toMatchObject({ code: "media_unavailable" });
    await media.next("media_reset");
    await expect.poll(() => media.plane.available).toBe(true);
    await sender.media.createTransport("recv");
  },
);

mediaTest("a worker whose pipe other code has broken is replaced, and closing on it harms nobody", async () => {
  const media = await startMedia({ timeLimits: { healthIntervalMs: 200 } });
  const stayer = await joinAndSend(media, "room", "stayer");
  const leaver = await joinAndSend(media, "another room", "leaver");
  const router = await media.lastWorker().createRouter({
    mediaCodecs: [{ kind: "video", mimeType: "video/VP8", clockRate: 90_000 }],
  });
  const transport = await router.createWebRtcTransport({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }] });
  // mediasoup takes only whole numbers, does not check, and fails with a half-written message.
  const encodings = [{ ssrc: 1, maxBitrate: 1.5 }];
  const rtpParameters = { ...vp8(), encodings } as unknown as RtpParameters;
  await expect(transport.produce({ kind: "video", rtpParameters })).rejects.toThrow("BigInt");
  leaver.media.close();
  stayer.media.reset();
  await expect(stayer.media.createTransport("send")).rejects.toMatchObject({ code: "media_unavailable" });
  const { sessionIds } = await media.next("media_reset");
  expect(sessionIds).toEqual(["stayer"]);
  expect(stayer.media.counts()).toEqual({ transports: 0, producers: 0, consumers: 0 });
  await stayer.media.createTransport("send");
  expect(await leaver.media.verifyClosed()).toEqual(NOTHING_LEFT);
  expect(media.plane.counts()).toEqual({ workers: 1, router: 1, transport: 1, producer: 0, consumer: 0 });
});

mediaTest("a stopped worker does not keep the plane from closing", async () => {
  const media = await startMedia({ timeLimits: { workerStopMs: 100 } });
  await joinAndSend(media, "room", "sender");
  signal(media.workers[0], "SIGSTOP");
  await media.plane.close();
  expect(media.workers[0]?.subprocessClosed).toBe(true);
});

mediaTest("workers get ports counting up, and a replaced one gets its own again", async () => {
  const first = await freePorts(2);
  const media = await startMedia({ workers: 2, port: first, announcedIp: "192.0.2.1" });
  const portsOf = async (roomId: string) => {
    const session = await media.plane.join(roomId, `in ${roomId}`);
    const { iceCandidates } = await session.createTransport("send");
    return iceCandidates.map(({ protocol, address, port }) => [protocol, address, port].join(" ")).join(", ");
  };
  const candidatesAt = (at: number) => `udp 192.0.2.1 ${at}, tcp 192.0.2.1 ${at}`;
  const before = new Set([await portsOf("a"), await portsOf("b")]);
  expect(before).toEqual(new Set([candidatesAt(first), candidatesAt(first + 1)]));
  for (const worker of media.workers.slice()) signal(worker, "SIGKILL");
  await media.next("worker_died");
  await media.next("worker_died");
  await expect.poll(() => media.plane.counts().workers).toBe(2);
  expect(new Set([await portsOf("c"), await portsOf("d")])).toEqual(before);
});

mediaTest("when a port is taken the start fails and leaves no worker running", async () => {
  const port = await freePorts(2);
  const started: Worker[] = [];
  const first = await startMedia({ port: port + 1 });
  const add = (worker: Worker) => void started.push(worker);
  observer.on("newworker", add);
  await expect(startMedia({ workers: 2, port })).rejects.toThrow(
    `SFU_PORT ${port}: 2 workers need ${port} to ${port + 1}, and ${port + 1} (udp) on 127.0.0.1 is taken`,
  );
  observer.off("newworker", add);
  expect(started).toHaveLength(2);
  await expect.poll(() => started.map(({ subprocessClosed }) => subprocessClosed)).toEqual([true, true]);
  expect(first.plane.counts().workers).toBe(1);
});

mediaTest("a worker program that is missing or fails is an error at the start", async () => {
  await expect(startMedia({ workerBin: "/nonexistent/mediasoup-worker" })).rejects.toThrow("could not be started");
  await expect(startMedia({ workerBin: "/bin/false" })).rejects.toThrow("could not be started");
});

mediaTest("a worker that keeps dying is started again after longer and longer waits", async () => {
  const media = await startMedia({ timeLimits: { restartMinMs: 50, restartMaxMs: 60_000 } });
  const waits: number[] = [];
  for (let death = 0; death < 3; death += 1) {
    signal(media.workers.at(-1), "SIGKILL");
    await media.next("worker_died");
    const diedAt = performance.now();
    await expect.poll(() => media.plane.available, { interval: 5 }).toBe(true);
    waits.push(performance.now() - diedAt);
  }
  expect(waits[0]).toBeGreaterThanOrEqual(45);
  expect(waits[1]).toBeGreaterThanOrEqual(95);
  expect(waits[2]).toBeGreaterThanOrEqual(195);
});
