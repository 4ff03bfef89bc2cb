/**
 * The newest name of a user is what others see. It comes with a hello or a transfer to one node ({@link Sessions.rename}), and
 * goes from there to the rooms, the directory, and the nodes on which the user has other sessions.
 */
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { Sessions } from "../session/sessions.js";
import type { Rooms } from "./rooms.js";

export function followNames(parts: {
  bus: Bus;
  events: Emitter<LifecycleEvents>;
  sessions: Sessions;
  rooms: Rooms;
  /** Writes the session's entry with the new name. */
  record: (session: Session) => void;
}): void {
  const { bus, events, sessions, rooms, record } = parts;
  events.on("renamed", ({ session, by }) => {
    rooms.showName(session, by);
    record(session);
    if (by) bus.sendAbout([session.userId], { type: "name", userId: session.userId, name: session.name });
  });
  bus.on("message", ({ message }) => {
    // A user's first session on a node comes with the status of the user.
    const isNamed = message.type === "name" || message.type === "status";
    if (isNamed && message.name !== undefined) sessions.rename(message.userId, message.name, undefined);
  });
}
