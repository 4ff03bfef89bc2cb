import { existsSync } from "node:fs";
import { observer } from "mediasoup";
import type { Consumer, Router, Transport, Worker } from "mediasoup/types";
import { onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import type { MediaLogger, MediaPlaneOptions } from "../../../src/media/media-options.js";
import { RtpPlane } from "../../../src/media/rtp/rtp-plane.js";
import type { RoomSessionMedia } from "../../../src/media/rtp/session-media.js";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";
import type { JsonObject } from "@lastseen/protocol";
import type { MediaEvents, MediaLeftovers } from "../../../src/ports/media-plane.js";

const workerBin = findWorkerBinary()?.path ?? "";

/**
 * A test with the real worker; skipped, which says why, where something is missing.
 *
 * @param missing what else it needs and does not find
 */
export function mediaTest(name: string, run: () => Promise<void>, missing?: string): void {
  const lacking = existsSync(workerBin) ? missing : "the mediasoup worker: npm run worker";
  if (lacking === undefined) test(name, run);
  else test(`${name} (needs ${lacking})`, { skip: true }, run);
}

export const NOTHING_LEFT: MediaLeftovers = { transports: [], producers: [], consumers: [] };

export interface LogEntry {
  level: keyof MediaLogger;
  fields: Record<string, unknown>;
  message: string;
}

/** A running media plane, with its workers and what it told. */
export interface TestMedia {
  plane: RtpPlane;
  /** Every worker that was started, in order. */
  workers: Worker[];
  routers: Router[];
  /** The worker and the router that were started last. */
  lastWorker(): Worker;
  lastRouter(): Router;
  /** Every transport that was made, by id. */
  transports: Map<string, Transport>;
  /** Every consumer that was made, by id. */
  consumers: Map<string, Consumer>;
  log: LogEntry[];
  events: { [K in keyof MediaEvents]: MediaEvents[K][] };
  /** The next event of that type, or one that has come already and nobody has waited for. */
  next<K extends keyof MediaEvents>(event: K): Promise<MediaEvents[K]>;
  /** Ids of everything that the running workers hold, asked of them. */
  held(): Promise<Set<string>>;
}

const EVENTS = [
  "evidence",
  "producer_opened",
  "producer_changed",
  "producer_closed",
  "consumer_closed",
  "transport_closed",
  "active_speaker",
  "media_reset",
  "worker_died",
] as const satisfies readonly (keyof MediaEvents)[];

/** Starts the plane and closes it when the test is finished. */
export async function startMedia(options: Partial<MediaPlaneOptions> = {}): Promise<TestMedia> {
  const workers: Worker[] = [];
  const routers: Router[] = [];
  const transports = new Map<string, Transport>();
  const consumers = new Map<string, Consumer>();
  const onWorker = (worker: Worker) => {
    workers.push(worker);
    worker.observer.on("newrouter", (router) => {
      routers.push(router);
      router.observer.on("newtransport", (transport) => {
        transports.set(transport.id, transport);
        transport.observer.on("newconsumer", (consumer) => consumers.set(consumer.id, consumer));
      });
    });
  };
  observer.on("newworker", onWorker);
  onTestFinished(() => void observer.off("newworker", onWorker));
  const log: LogEntry[] = [];
  const plane = await RtpPlane.create({
    clock: systemClock,
    logger: collectInto(log),
    workers: 1,
    workerBin,
    listenIp: "127.0.0.1",
    port: 0,
    ...options,
    timeLimits: { verifyWindowMs: 5, restartMinMs: 10, ...options.timeLimits },
  });
  onTestFinished(() => plane.close());

  const events = Object.fromEntries(EVENTS.map((name) => [name, []])) as unknown as TestMedia["events"];
  const taken = new Map<string, number>();
  const waiting = new Set<() => void>();
  for (const name of EVENTS) {
    plane.on(name, (event) => {
      (events[name] as unknown[]).push(event);
      for (const look of waiting) look();
    });
  }
  return {
    plane,
    workers,
    routers,
    lastWorker: () => last(workers),
    lastRouter: () => last(routers),
    transports,
    consumers,
    log,
    events,
    next: (name) =>
      new Promise((resolve) => {
        const index = taken.get(name) ?? 0;
        taken.set(name, index + 1);
        const look = () => {
          const event = events[name][index];
          if (event === undefined) return;
          waiting.delete(look);
          resolve(event);
        };
        waiting.add(look);
        look();
      }),
    async held() {
      const dumps = await Promise.all(workers.filter(({ closed }) => !closed).map((worker) => worker.dump()));
      return new Set(dumps.flatMap((dump) => dump.channelMessageHandlers.channelRequestHandlers));
    },
  };
}

function last<T>(made: readonly T[]): T {
  const newest = made.at(-1);
  if (newest === undefined) throw new Error("none was made");
  return newest;
}

function collectInto(log: LogEntry[]): MediaLogger {
  const at = (level: keyof MediaLogger) => (fields: object, message: string) =>
    void log.push({ level, fields: { ...fields }, message });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

let lastSsrc = 1000;

/** What a browser sends for a microphone. */
export function opus(): JsonObject {
  lastSsrc += 1;
  return {
    mid: String(lastSsrc),
    codecs: [
      {
        mimeType: "audio/opus",
        payloadType: 111,
        clockRate: 48000,
        channels: 2,
        parameters: { minptime: 10, useinbandfec: 1 },
        rtcpFeedback: [{ type: "transport-cc", parameter: "" }],
      },
    ],
    headerExtensions: [{ uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", id: 10, encrypt: false, parameters: {} }],
    encodings: [{ ssrc: lastSsrc, dtx: false }],
    rtcp: { cname: "cname", reducedSize: true },
    msid: "stream track",
  };
}

/** What a browser sends for a camera: three simulcast layers of VP8. */
export function vp8(): JsonObject {
  lastSsrc += 1;
  return {
    mid: String(lastSsrc),
    codecs: [
      {
        mimeType: "video/VP8",
        payloadType: 96,
        clockRate: 90000,
        parameters: {},
        rtcpFeedback: [
          { type: "goog-remb", parameter: "" },
          { type: "ccm", parameter: "fir" },
          { type: "nack", parameter: "" },
          { type: "nack", parameter: "pli" },
        ],
      },
      { mimeType: "video/rtx", payloadType: 97, clockRate: 90000, parameters: { apt: 96 }, rtcpFeedback: [] },
    ],
    headerExtensions: [
      { uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 4, encrypt: false, parameters: {} },
      { uri: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", id: 5, encrypt: false, parameters: {} },
    ],
    encodings: [
      { rid: "r0", scalabilityMode: "L1T3", maxBitrate: 100_000 },
      { rid: "r1", scalabilityMode: "L1T3", maxBitrate: 300_000 },
      { rid: "r2", scalabilityMode: "L1T3", maxBitrate: 900_000 },
    ],
    rtcp: { cname: "cname", reducedSize: true },
  };
}

export function capabilitiesOf(media: RoomSessionMedia): JsonObject {
  return media.routerRtpCapabilities;
}

/** A session in a room that sends sound and picture. */
export async function joinAndSend(
  { plane }: TestMedia,
  roomId: string,
  sessionId: string,
): Promise<{ media: RoomSessionMedia; sendId: string; audioId: string; videoId: string }> {
  const media = await plane.join(roomId, sessionId);
  const { id: sendId } = await media.createTransport("send");
  const audio = await media.produce({ transportId: sendId, kind: "audio", rtpParameters: opus(), source: "mic" });
  const video = await media.produce({ transportId: sendId, kind: "video", rtpParameters: vp8(), source: "camera" });
  return { media, sendId, audioId: audio.producerId, videoId: video.producerId };
}

/** A session in a room that is ready to receive. */
export async function joinToReceive(
  { plane }: TestMedia,
  roomId: string,
  sessionId: string,
): Promise<{ media: RoomSessionMedia; recvId: string }> {
  const media = await plane.join(roomId, sessionId);
  const { id: recvId } = await media.createTransport("recv");
  return { media, recvId };
}
