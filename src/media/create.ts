import type { Clock } from "../kernel/clock.js";
import type { MediaPlane } from "../ports/media-plane.js";
import type { MediaLogger } from "./media-options.js";
import { NoMedia } from "./no-media.js";
import { RtpPlane } from "./rtp/rtp-plane.js";
import { findWorkerBinary } from "./workers/worker-binary.js";

/**
 * Where the media side starts. Requests come from the gateway through the port `MediaPlane` and go to mediasoup's
 * worker processes; what mediasoup reports goes back as events of that port, to the session, the room and the gateway.
 *
 *     rtp/       rooms and sessions of a service that makes the media itself
 *     external/  sessions of a service inside an application that makes the media
 *     agents/    sessions of a service or an application whose media is in other processes, which have an agent
 *     workers/   worker processes, what they hold, and the check that closed media is gone; serves the others
 */

/** Settings by their names in the configuration. */
export interface MediaSettings {
  SFU_LISTEN_IP: string;
  SFU_ANNOUNCED_IP?: string;
  SFU_PORT: number;
  /** How many worker processes; 0: no media. */
  SFU_WORKERS: number;
  MEDIASOUP_WORKER_BIN?: string;
}

/**
 * Makes the media side that the settings ask for.
 *
 * @param env environment variables; they may name the worker program or the cache that holds it
 * @throws StartError or Error when a worker is needed and cannot be found or started
 */
export async function createMediaPlane(
  settings: MediaSettings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  logger: MediaLogger,
): Promise<MediaPlane> {
  const { SFU_WORKERS: workers } = settings;
  if (workers === 0) return new NoMedia();
  const workerBin = settings.MEDIASOUP_WORKER_BIN ?? findWorkerBinary(env)?.path;
  if (workerBin === undefined) {
    throw new Error('the mediasoup worker is missing: run "npm run worker", or set SFU_WORKERS=0 to go without media');
  }
  const { SFU_LISTEN_IP: listenIp, SFU_ANNOUNCED_IP: announcedIp, SFU_PORT: port } = settings;
  const announced = announcedIp === undefined ? {} : { announcedIp };
  return RtpPlane.create({ clock, logger, workers, workerBin, listenIp, port, ...announced });
}
