/**
 * The rooms of this node. Sessions enter and leave here, and the others are told in the same turn of the event loop. So the
 * events that a member gets always fit the snapshot that it got before. Each event is encoded once for all members.
 */
import type { Clock } from "../kernel/clock.js";
import { encodeEvent } from "@lastseen/protocol/codec";
import {
  type Cause,
  type EventData,
  type EventType,
  LastseenError,
  type LeaveReason,
  type Participant,
  type RoomSnapshot,
} from "@lastseen/protocol";
import type { SessionMedia } from "../ports/media-plane.js";
import type { Session } from "../session/session.js";
import { Room } from "./room.js";

/** In a larger room, a list of all who stay would make each departure cost the square of the room's size. */
const MOST_LISTED = 50;

export class Rooms {
  readonly #rooms = new Map<string, Room>();
  /**
   * How many sessions are about to enter each room, and the latest epoch under which the directory gave the room to this node.
   * A new map replaces an empty one, as in `KeyedQueue`.
   */
  #expected = new Map<string, { sessions: number; epoch: number }>();
  readonly #clock: Clock;
  readonly #lastSeenAt: (session: Session) => number;
  readonly #limits: { maxRooms: number; maxRoomSize: number };

  constructor(options: {
    clock: Clock;
    /** When the session was last heard, epoch milliseconds. */
    lastSeenAt: (session: Session) => number;
    limits: { maxRooms: number; maxRoomSize: number };
  }) {
    this.#clock = options.clock;
    this.#lastSeenAt = options.lastSeenAt;
    this.#limits = options.limits;
  }

  get size(): number {
    return this.#rooms.size;
  }

  /** The number of participants in all rooms. */
  get participantCount(): number {
    let count = 0;
    for (const room of this.#rooms.values()) count += room.members.size;
    return count;
  }

  all(): IterableIterator<Room> {
    return this.#rooms.values();
  }

  find(roomId: string): Room | undefined {
    return this.#rooms.get(roomId);
  }

  isEmpty(roomId: string): boolean {
    return !this.#rooms.has(roomId) && !this.#expected.has(roomId);
  }

  /** A session is about to enter. The room counts as not empty until the returned function is called. */
  expect(roomId: string): () => void {
    const expected = this.#expected.get(roomId) ?? { sessions: 0, epoch: 0 };
    this.#expected.set(roomId, expected);
    expected.sessions += 1;
    return () => {
      expected.sessions -= 1;
      if (expected.sessions === 0) this.#expected.delete(roomId);
      if (this.#expected.size === 0) this.#expected = new Map();
    };
  }

  /** The directory has given the room to this node under this epoch, for a session that is about to enter. */
  claimed(roomId: string, epoch: number): void {
    const expected = this.#expected.get(roomId);
    if (expected) expected.epoch = Math.max(expected.epoch, epoch);
  }

  /** @throws LastseenError `room_full`, or `overloaded` when this node has the most rooms that it may have */
  assertSpace(roomId: string): void {
    const room = this.#rooms.get(roomId);
    if (room && room.members.size >= this.#limits.maxRoomSize) {
      throw new LastseenError("room_full", `The room has its ${this.#limits.maxRoomSize} participants.`);
    }
    if (!room && this.#rooms.size >= this.#limits.maxRooms) {
      throw new LastseenError("overloaded", "This node has all the rooms that it can take.");
    }
  }

  /**
   * Makes the session a participant and tells the others.
   *
   * @param before when the session entered on another node, epoch milliseconds, and the epoch under which this node has got it
   *   from there; undefined when it enters here
   * @returns the snapshot of this moment. Everything that is sent to the session after it is newer
   * @throws LastseenError as {@link assertSpace}
   */
  enter(
    roomId: string,
    session: Session,
    media: SessionMedia,
    before?: { joinedAt: number | undefined; epoch: number },
  ): RoomSnapshot {
    this.assertSpace(roomId);
    const epoch = before?.epoch ?? this.#expected.get(roomId)?.epoch ?? 0;
    let room = this.#rooms.get(roomId);
    if (!room) this.#rooms.set(roomId, (room = new Room(roomId, this.#clock.wall(), epoch)));
    room.heldUnder(epoch);
    room.members.set(session.id, session);
    session.participation = { roster: room, media, joinedAt: before?.joinedAt ?? this.#clock.wall() };
    session.replies.spend(this.#announce(room, "user_joined", { participant: this.#participant(session) }, session));
    return this.#snapshotOf(room);
  }

  /** Takes the session out of the room and tells the others. Idempotent. */
  leave(roomId: string, session: Session, reason: LeaveReason): void {
    const room = this.#rooms.get(roomId);
    if (!room?.members.delete(session.id)) return;
    if (room.members.size === 0) this.#rooms.delete(roomId);
    this.#announce(room, "user_left", {
      userId: session.userId,
      name: session.name,
      sessionId: session.id,
      reason,
      count: room.members.size,
      ...(room.members.size > MOST_LISTED ? {} : { participants: userIdsOf(room) }),
    });
  }

  showAway(session: Session, cause: Cause): void {
    this.#announcePresence("user_away", session, cause);
  }

  showBack(session: Session, cause: Cause): void {
    this.#announcePresence("user_back", session, cause);
  }

  /** Tells the others the metadata that the session has now. */
  announceMetadata(session: Session): void {
    const { userId, id: sessionId, metadata } = session;
    const room = this.#roomOf(session);
    if (room) this.#announce(room, "metadata_changed", { userId, sessionId, metadata }, session);
  }

  /**
   * Tells the others the session's new name.
   *
   * @param by the session whose client brought the name, and knows it
   */
  showName(session: Session, by: Session | undefined): void {
    const room = this.#roomOf(session);
    if (!room) return;
    this.#announce(room, "name_changed", { userId: session.userId, sessionId: session.id, name: session.name }, by);
  }

  /** Tells all members that the room is closed. They leave one by one after that. */
  announceClosed(room: Room, reason: string): void {
    this.#announce(room, "room_closed", { reason });
  }

  /** @throws LastseenError `not_joined` */
  snapshot(session: Session): RoomSnapshot {
    const room = this.#roomOf(session);
    if (!room) throw new LastseenError("not_joined", "The session is in no room.");
    return this.#snapshotOf(room);
  }

  participants(room: Room): Participant[] {
    return [...room.members.values()].map((session) => this.#participant(session));
  }

  /**
   * Sends an event that does not change the roster to all members.
   *
   * @param except the session that causes the event. It does not get the event, and pays for it
   */
  tell<T extends EventType>(roomId: string, type: T, data: EventData<T>, except?: string): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    const sent = this.#send(room, encodeEvent(type, data), except);
    if (except !== undefined) room.members.get(except)?.replies.spend(sent);
  }

  #roomOf(session: Session): Room | undefined {
    return session.participation && this.#rooms.get(session.participation.roster.id);
  }

  #announcePresence(type: "user_away" | "user_back", session: Session, reason: Cause): void {
    const room = this.#roomOf(session);
    if (room) this.#announce(room, type, { userId: session.userId, sessionId: session.id, reason }, session);
  }

  /** @returns the bytes that were sent to all members together */
  #announce<T extends RosterEvent>(
    room: Room,
    type: T,
    data: Omit<EventData<T>, "roomId" | "version">,
    except?: Session,
  ): number {
    const frame = { roomId: room.id, version: room.bump(), ...data } as EventData<T>;
    return this.#send(room, encodeEvent(type, frame), except?.id);
  }

  #send(room: Room, text: string, except: string | undefined): number {
    const frame = Buffer.from(text);
    for (const member of room.members.values()) {
      if (member.id !== except) member.connection?.send(frame);
    }
    return frame.length * room.members.size;
  }

  #snapshotOf(room: Room): RoomSnapshot {
    return { id: room.id, version: room.version, participants: this.participants(room) };
  }

  #participant(session: Session): Participant {
    return {
      userId: session.userId,
      name: session.name,
      sessionId: session.id,
      state: session.shown,
      joinedAt: session.participation?.joinedAt ?? 0,
      lastSeenAt: this.#lastSeenAt(session),
      metadata: session.metadata,
      producers: [...(session.participation?.media.requests?.producers ?? [])],
    };
  }
}

type RosterEvent =
  "user_joined" | "user_left" | "user_away" | "user_back" | "name_changed" | "metadata_changed" | "room_closed";

function userIdsOf(room: Room): string[] {
  return [...new Set([...room.members.values()].map(({ userId }) => userId))];
}
