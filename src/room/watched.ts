import type { Emitter } from "../kernel/emitter.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { Rooms } from "./rooms.js";

/**
 * Keeps it known which sessions are watched: participants whom others in their room see, and those with a call that rings or goes
 * on. Only they are asked often for a sign of life. A client knows the same from its roster and its call.
 */
export function followWatched(parts: {
  events: Emitter<LifecycleEvents>;
  rooms: Rooms;
  liveness: Liveness;
  registry: SessionRegistry;
  /** Whether a call rings at this session, or goes on with it. */
  isInCall: (session: Session) => boolean;
}): void {
  const { events, rooms, liveness, registry, isInCall } = parts;
  const review = (session: Session, byItself = false): void => {
    if (session.status !== "open") return;
    const room = session.participation && rooms.find(session.participation.roster.id);
    const isSeen = session.participation?.role === "participant" && room !== undefined && room.members.size > 1;
    liveness.setWatched(session, isSeen || isInCall(session), byItself);
  };
  const reviewRoom = (roomId: string): void => {
    const members = rooms.find(roomId)?.members;
    // In a larger room the others were watched before and go on being watched.
    if (members && members.size <= 2) for (const member of members.values()) review(member);
  };
  for (const step of ["opened", "resumed"] as const) events.on(step, ({ session }) => review(session, true));
  for (const step of ["joined", "adopted"] as const) {
    events.on(step, ({ session }) => {
      review(session, step === "joined");
      const { participation, isWatched } = session;
      if (!participation) return;
      // The session may have been watched before, because of a call. Its media in this room is new.
      participation.media.watch(isWatched);
      reviewRoom(participation.roster.id);
    });
  }
  events.on("listed", ({ session }) => review(session));
  events.on("left", ({ session, roomId }) => {
    review(session);
    reviewRoom(roomId);
  });
  events.on("call_changed", ({ userIds }) => {
    for (const userId of userIds) for (const session of registry.ofUser(userId)) review(session);
  });
  events.on("ended", ({ session }) => liveness.setWatched(session, false));
}
