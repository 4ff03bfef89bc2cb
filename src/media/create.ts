import { availableParallelism } from "node:os";
import type { Clock } from "../kernel/clock.js";
import type { MediaPlane } from "../ports/media-plane.js";
import type { MediaLogger } from "./media-options.js";
import { MediasoupPlane } from "./rtp/rtp-plane.js";
import { NoMedia } from "./no-media.js";
import { findWorkerBinary } from "./workers/worker-binary.js";

/** Settings by their names in the configuration. */
export interface MediaSettings {
  SFU_LISTEN_IP: string;
  SFU_ANNOUNCED_IP?: string;
  SFU_PORT: number;
  SFU_WORKERS?: number;
  MEDIASOUP_WORKER_BIN?: string;
}

/** A worker fills one core; beyond four, a node has other bottlenecks. */
const MOST_WORKERS_BY_DEFAULT = 4;

/**
 * The media side that the settings ask for. Rejects when a worker is needed and cannot be found or started.
 *
 * @param env where the worker's path and the cache that holds it may be named
 */
export async function createMediaPlane(
  settings: MediaSettings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  logger: MediaLogger,
): Promise<MediaPlane> {
  const workers = settings.SFU_WORKERS ?? Math.min(availableParallelism(), MOST_WORKERS_BY_DEFAULT);
  if (workers === 0) return new NoMedia();
  const workerBin = settings.MEDIASOUP_WORKER_BIN ?? findWorkerBinary(env)?.path;
  if (workerBin === undefined) {
    throw new Error('the mediasoup worker is missing: run "npm run worker", or set SFU_WORKERS=0 to go without media');
  }
  const { SFU_LISTEN_IP: listenIp, SFU_ANNOUNCED_IP: announcedIp, SFU_PORT: port } = settings;
  const announced = announcedIp === undefined ? {} : { announcedIp };
  return MediasoupPlane.create({ clock, logger, workers, workerBin, listenIp, port, ...announced });
}
