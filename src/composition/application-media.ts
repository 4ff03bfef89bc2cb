import type { Emitter } from "../kernel/emitter.js";
import type { ApplicationMedia, MediaPlane } from "../ports/media-plane.js";
import type { CleanupStep } from "../reaper/cleanup.js";
import type { LifecycleEvents } from "../session/events.js";

/** Whether applications make the media. Then it belongs to sessions, and not only to their stays in rooms. */
export function isOfApplications(media: MediaPlane): media is MediaPlane & ApplicationMedia {
  return "endSession" in media;
}

/** Ends what an application has made for a session, also when the session was in no room. */
export function endOfMedia(media: ApplicationMedia): CleanupStep {
  return {
    name: "close the application's media",
    scope: "session",
    async run({ session, givenUp }) {
      const left = await (givenUp ? media.handOverSession(session.id) : media.endSession(session.id));
      if (left === "unseen") return left;
      const count = left.transports.length + left.producers.length + left.consumers.length;
      if (count > 0) throw new Error(`the worker still holds ${count} media objects: ${JSON.stringify(left)}`);
      return undefined;
    },
  };
}

/** Tells the plane which sessions there are. */
export function followSessionsOf(media: ApplicationMedia, events: Emitter<LifecycleEvents>): void {
  events.on("opened", ({ session }) => media.openSession(session.id, false));
  events.on("adopted", ({ session }) => media.openSession(session.id, true));
}
