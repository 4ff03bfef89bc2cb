import type { HeldEntry } from "../ports/directory.js";
import type { Session } from "../session/session.js";

/** What moves together: a room with everybody in it, or a session that is in no room. */
export type Group = { readonly roomId: string } | { readonly session: Session };

/** Divides sessions into groups, in one pass over them. */
export function groupsOf(sessions: Iterable<Session>): Group[] {
  const rooms = new Set<string>();
  const groups: Group[] = [];
  for (const session of sessions) {
    const roomId = session.participation?.roster.id;
    if (roomId === undefined) groups.push({ session });
    else if (!rooms.has(roomId)) {
      rooms.add(roomId);
      groups.push({ roomId });
    }
  }
  return groups;
}

/** The group as the directory knows it. */
export function entryOf(group: Group): HeldEntry {
  return "roomId" in group ? group : { sessionId: group.session.id };
}

/** A name for what moves, in which a room and a session with the same id differ. */
export function nameOf(entry: HeldEntry): string {
  return "roomId" in entry ? `room ${entry.roomId}` : `session ${entry.sessionId}`;
}
