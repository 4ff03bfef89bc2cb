/**
 * What operators can see and do on this node alone. The answers are plain data, so that one node can send them to another.
 * {@link WholeView} joins the answers of all nodes.
 */
import type { Timeline } from "../observability/timeline.js";
import { GIVEN_UP, LastseenError } from "@lastseen/protocol";
import type {
  NodeSummary,
  NodeRoomDetail,
  NodeRoom,
  SessionFilter,
  SessionHistory,
  NodeSessionPage,
  NodeSession,
} from "@lastseen/protocol/http";
import type { Reaper } from "../reaper/reaper.js";
import type { Room } from "../room/room.js";
import type { Rooms } from "../room/rooms.js";
import type { Actor } from "../session/actor.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { stateOf, viewEnding, viewSession } from "./session-view.js";

/** `by` is who asked. All methods throw LastseenError `not_found` when the room or session is unknown. */
export interface OperatorView {
  /** The node that is asked comes first. `missing`: nodes that did not answer. */
  nodes(): Promise<{ nodes: NodeSummary[]; missing: string[] }>;
  /** `missing`: nodes that did not answer. Their rooms are not listed. */
  rooms(): Promise<{ rooms: NodeRoom[]; missing: string[] }>;
  room(roomId: string): Promise<NodeRoomDetail>;
  closeRoom(roomId: string, by: Actor | undefined): Promise<void>;
  sessions(filter: SessionFilter): Promise<NodeSessionPage & { missing: string[] }>;
  session(sessionId: string): Promise<NodeSession>;
  timeline(sessionId: string): Promise<SessionHistory>;
  kick(sessionId: string, by: Actor | undefined): Promise<void>;
}

export class LocalView implements OperatorView {
  readonly #nodeId: string;
  readonly #rooms: Rooms;
  readonly #registry: SessionRegistry;
  readonly #liveness: Liveness;
  readonly #reaper: Reaper;
  readonly #timeline: Timeline;
  readonly #about: () => Pick<NodeSummary, "version" | "uptimeSeconds" | "draining">;

  constructor(parts: {
    nodeId: string;
    rooms: Rooms;
    registry: SessionRegistry;
    liveness: Liveness;
    reaper: Reaper;
    timeline: Timeline;
    about: () => Pick<NodeSummary, "version" | "uptimeSeconds" | "draining">;
  }) {
    this.#nodeId = parts.nodeId;
    this.#rooms = parts.rooms;
    this.#registry = parts.registry;
    this.#liveness = parts.liveness;
    this.#reaper = parts.reaper;
    this.#timeline = parts.timeline;
    this.#about = parts.about;
  }

  async nodes(): ReturnType<OperatorView["nodes"]> {
    const summary = {
      nodeId: this.#nodeId,
      ...this.#about(),
      sessions: this.#registry.size,
      ghosts: this.#liveness.overdue().sessions.length,
      rooms: this.#rooms.size,
      participants: this.#rooms.participantCount,
    };
    return { nodes: [summary], missing: [] };
  }

  async rooms(): ReturnType<OperatorView["rooms"]> {
    const rooms = [...this.#rooms.all()].map(({ id, version, openedAt, members, audience }) => ({
      id,
      nodeId: this.#nodeId,
      version,
      openedAt,
      participants: members.size,
      audience,
    }));
    return { rooms, missing: [] };
  }

  async room(roomId: string): Promise<NodeRoomDetail> {
    const room = this.#getRoom(roomId);
    const participants = this.#rooms.participants(room).map((participant) => {
      const stay = room.members.get(participant.sessionId)?.participation;
      const media = stay?.media.counts() ?? { transports: 0, producers: 0, consumers: 0 };
      return { ...participant, role: stay?.role ?? ("participant" as const), media };
    });
    const { id, version, openedAt, audience } = room;
    return { id, nodeId: this.#nodeId, version, openedAt, audience, participants };
  }

  async closeRoom(roomId: string, by: Actor | undefined): Promise<void> {
    const room = this.#getRoom(roomId);
    this.#rooms.announceClosed(room, "closed_by_operator");
    const members = [...room.members.values()];
    await Promise.all(members.map((session) => this.#reaper.leaveRoom(session, { reason: "room_closed", by })));
  }

  async sessions(filter: SessionFilter): ReturnType<OperatorView["sessions"]> {
    if (filter.state === "ended") return this.#endedSessions(filter);
    const matching = [...this.#registry.all()].filter((session) => this.#matches(session, filter));
    const { page, cursor } = pageOf(matching, filter);
    const sessions = page.map((session) => viewSession(session, this.#liveness, this.#nodeId));
    return { sessions, cursor, total: matching.length, missing: [] };
  }

  async session(sessionId: string): Promise<NodeSession> {
    const ending = this.#registry.find(sessionId) ? undefined : this.#timeline.findEnding(sessionId);
    const ended = ending && viewEnding(ending, this.#nodeId);
    return ended ?? viewSession(this.#registry.get(sessionId), this.#liveness, this.#nodeId);
  }

  async timeline(sessionId: string): Promise<SessionHistory> {
    const entries = this.#timeline.find(sessionId);
    if (!entries) throw new LastseenError("not_found", "Nothing is known of such a session, or it ended too long ago.");
    return { sessionId, entries: [...entries] };
  }

  async kick(sessionId: string, by: Actor | undefined): Promise<void> {
    await this.#reaper.end(this.#registry.get(sessionId), { reason: "kicked", by });
  }

  /** A session that goes on on another node has not ended. */
  #endedSessions(filter: SessionFilter): Awaited<ReturnType<OperatorView["sessions"]>> {
    const matching = this.#timeline
      .endings()
      .filter((ending) => !GIVEN_UP.some((reason) => reason === ending.reason) && fits(ending, filter))
      .map((ending) => viewEnding(ending, this.#nodeId));
    const { page, cursor } = pageOf(matching, filter);
    return { sessions: page, cursor, total: matching.length, missing: [] };
  }

  #getRoom(roomId: string): Room {
    const room = this.#rooms.find(roomId);
    if (!room) throw new LastseenError("not_found", "There is no such room.");
    return room;
  }

  #matches(session: Session, filter: SessionFilter): boolean {
    const { id, userId, name, participation } = session;
    if (!fits({ id, userId, name, roomId: participation?.roster.id }, filter)) return false;
    return filter.state === undefined || stateOf(session, this.#liveness) === filter.state;
  }
}

/** Whether a session has the user, the room and the text that the filter asks for. */
function fits(
  session: { id: string; userId: string; name: string; roomId: string | undefined },
  { userId, roomId, search }: SessionFilter,
): boolean {
  if (userId !== undefined && session.userId !== userId) return false;
  if (roomId !== undefined && session.roomId !== roomId) return false;
  if (search === undefined || session.id === search) return true;
  const wanted = search.toLowerCase();
  return [session.userId, session.name, session.roomId].some((text) => text?.toLowerCase().includes(wanted));
}

/** The part of a session by which pages are sorted: the oldest session comes first; of ended ones, the last that ended. */
type Aged = { readonly openedAt: number; readonly id: string; readonly end?: { readonly at: number } | null };

/** Later than any time of a session, epoch milliseconds. */
const NEVER = 1e14;

/** The page of these sessions that follows the filter's cursor, and the cursor of the next page. */
export function pageOf<T extends Aged>(
  sessions: readonly T[],
  { cursor, limit }: SessionFilter,
): { page: T[]; cursor: string | null } {
  const following = sessions
    .map((session) => ({ session, position: positionOf(session) }))
    .filter(({ position }) => cursor === undefined || position > cursor)
    .toSorted((a, b) => (a.position < b.position ? -1 : 1));
  const page = following.slice(0, limit);
  const last = page.at(-1);
  return {
    page: page.map(({ session }) => session),
    cursor: last && following.length > page.length ? last.position : null,
  };
}

/** A session's place in the order, used as a cursor. It stays valid when the session is gone. */
export function positionOf({ openedAt, id, end }: Aged): string {
  const rank = end ? NEVER - end.at : openedAt;
  return `${String(Math.round(rank)).padStart(15, "0")}.${id}`;
}
