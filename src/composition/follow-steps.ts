import type { MediaPlane } from "../ports/media-plane.js";
import type { Reaper } from "../reaper/reaper.js";
import type { DirectorySync } from "../room/directory-sync.js";
import { announceMedia } from "../room/media-announcer.js";
import type { Core } from "./core.js";

/** What one step of a session makes other parts do. The order of these listeners does not matter. */
export function followSteps(parts: {
  core: Core;
  media: MediaPlane;
  directorySync: DirectorySync;
  reaper: Reaper;
}): void {
  const { core, media, directorySync, reaper } = parts;
  const { lifecycle, rooms, registry, liveness } = core;
  announceMedia({ media, rooms, registry, liveness });
  lifecycle.on("away", ({ session, cause }) => rooms.showAway(session, cause));
  lifecycle.on("back", ({ session, cause }) => rooms.showBack(session, cause));
  for (const step of ["opened", "resumed", "joined", "transferred", "adopted"] as const) {
    lifecycle.on(step, ({ session }) => void directorySync.record(session));
  }
  lifecycle.on("held_elsewhere", ({ session, why }) => {
    // First everybody is told why the session ends here, then it ends.
    lifecycle.emit("given_up", { session, why });
    void reaper.end(session, { reason: "node_lost", givenUp: why });
  });
}
