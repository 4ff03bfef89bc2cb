import type { Session } from "../session/session.js";
import { groupsOf, type Group } from "./groups.js";
import type { LocalState } from "./local-state.js";

/** A larger room never moves only to give a node its share: too many people would come back at once. */
const MOST_IDLE = 50;
/** A room in which somebody sends media moves only when it is as small as this: its people hear nothing for a second or two. */
const MOST_ACTIVE = 4;

/** What moves to a node that has fewer sessions, in this order. `idle room`: nobody sends media. */
export const MOVABLE_KINDS = ["no room", "idle room", "small room"] as const;
export type MovableKind = (typeof MOVABLE_KINDS)[number];

export interface Movable {
  readonly group: Group;
  readonly kind: MovableKind;
  /** Number of sessions. */
  readonly size: number;
}

/** What could move, first what is noticed least: sessions in no room, then small rooms before larger ones. */
export function movableOf(local: LocalState): Movable[] {
  const all = groupsOf(local.sessions()).flatMap((group) => movable(group, local) ?? []);
  return all.toSorted((one, other) => rankOf(one) - rankOf(other) || one.size - other.size);
}

/** @returns undefined when the group must not move, or is not here any more */
export function movable(group: Group, local: LocalState): Movable | undefined {
  const sessions = "roomId" in group ? local.membersOf(group.roomId) : aloneIn(group.session);
  const size = sessions.length;
  // Whoever has no connection now is perhaps gone. A move would only put off the moment when the service notices.
  if (size === 0 || size > MOST_IDLE || sessions.some(({ connection }) => connection === undefined)) return undefined;
  if ("session" in group) return { group, kind: "no room", size };
  const isIdle = sessions.every(({ participation }) => !participation || participation.media.counts().producers === 0);
  if (isIdle) return { group, kind: "idle room", size };
  return size <= MOST_ACTIVE ? { group, kind: "small room", size } : undefined;
}

function aloneIn(session: Session): readonly Session[] {
  return session.status === "open" && !session.participation ? [session] : [];
}

function rankOf({ kind }: Movable): number {
  return MOVABLE_KINDS.indexOf(kind);
}
