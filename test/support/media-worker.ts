import { findWorkerBinary } from "../../src/media/workers/worker-binary.js";

/** Why tests with real media cannot run here; undefined when they can. */
export const noMediaReason: string | undefined = findWorkerBinary()
  ? undefined
  : "there is no mediasoup-worker: run `npm run worker`";

/** For a test's title: the reason it is skipped for, if it is. */
export function needsMedia(title: string): string {
  return noMediaReason === undefined ? title : `${title} (skipped: ${noMediaReason})`;
}
