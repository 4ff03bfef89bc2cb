import type { Bus } from "../ports/bus.js";
import type { MediaPlane } from "../ports/media-plane.js";
import type { Reaper } from "../reaper/reaper.js";
import type { DirectorySync } from "../room/directory-sync.js";
import { announceMedia } from "../room/media-announcer.js";
import { followNames } from "../room/names.js";
import type { Core } from "./core.js";

/** What one step of a session makes other parts do. The order of these listeners does not matter. */
export function followSteps(parts: {
  core: Core;
  bus: Bus;
  media: MediaPlane;
  directorySync: DirectorySync;
  reaper: Reaper;
}): void {
  const { core, bus, media, directorySync, reaper } = parts;
  const { lifecycle, rooms, registry, liveness, sessions } = core;
  announceMedia({ media, rooms, registry, liveness });
  lifecycle.on("away", ({ session, cause }) => rooms.showAway(session, cause));
  lifecycle.on("back", ({ session, cause }) => rooms.showBack(session, cause));
  followNames({ bus, events: lifecycle, sessions, rooms, record: (session) => void directorySync.record(session) });
  for (const step of ["opened", "resumed", "joined", "transferred"] as const) {
    lifecycle.on(step, ({ session }) => void directorySync.record(session));
  }
  lifecycle.on("adopted", ({ session, isWritten }) => {
    if (!isWritten) void directorySync.record(session);
  });
  lifecycle.on("room_lost", ({ roomId }) => void directorySync.releaseIfEmpty(roomId));
  lifecycle.on("held_elsewhere", ({ session, why, by }) => {
    // First everybody is told why the session ends here, then it ends.
    lifecycle.emit("given_up", { session, why, by });
    void reaper.end(session, { reason: "node_lost", givenUp: why });
  });
}
