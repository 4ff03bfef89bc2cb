import { findWorkerBinary } from "../../src/media/workers/worker-binary.js";

/** Why tests with real media cannot run here; undefined when they can. */
export const noMediaReason: string | undefined = findWorkerBinary()
  ? undefined
  : "there is no mediasoup-worker: run `npm run worker`";

/** A test title, with the reason when the test is skipped. */
export function needsMedia(title: string): string {
  return noMediaReason === undefined ? title : `${title} (skipped: ${noMediaReason})`;
}
