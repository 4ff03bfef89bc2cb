/**
 * The rooms of this node. Sessions enter and leave here, and {@link Broadcast} tells the others. The events that a member gets fit the
 * snapshot that it got before.
 */
import type { Clock } from "../kernel/clock.js";
import {
  type Cause,
  type EventData,
  type EventType,
  LastseenError,
  type LeaveReason,
  LIMITS,
  type Participant,
  type ReplyData,
  type RoomRole,
  type RoomSnapshot,
} from "@lastseen/protocol";
import type { SessionMedia } from "../ports/media-plane.js";
import type { Session } from "../session/session.js";
import { Broadcast } from "./broadcast.js";
import { ExpectedRooms } from "./expected-rooms.js";
import { leastListed } from "./least-listed.js";
import { listedParticipantOf, participantOf } from "./participants.js";
import { Room } from "./room.js";

/** A snapshot of a large room has so many participants. The others are in the pages. */
const MOST_IN_SNAPSHOT = 50;

/** How a session comes into a room. */
export interface Stay {
  /** When the session entered on another node, epoch milliseconds. Undefined: it enters now. */
  joinedAt?: number | undefined;
  /** The epoch under which this node has got the session from another node. Undefined: it enters here. */
  epoch?: number;
  /** See `Participation`. */
  chosenRole?: RoomRole | undefined;
}

export interface RoomLimits {
  maxRooms: number;
  maxRoomSize: number;
  /** Participants in one list. Whoever comes then is audience, unless a token says otherwise. */
  maxListed: number;
  /** A room of more people is told of its changes in batches, and its list in pages. */
  largeRoom: number;
}

export class Rooms {
  readonly #rooms = new Map<string, Room>();
  readonly #expected = new ExpectedRooms();
  readonly #clock: Clock;
  readonly #lastSeenAt: (session: Session) => number;
  readonly #listed: (session: Session, roomId: string) => void;
  readonly #limits: RoomLimits;
  readonly #broadcast: Broadcast;

  constructor(options: {
    clock: Clock;
    /** When the session was last heard, epoch milliseconds. */
    lastSeenAt: (session: Session) => number;
    /** Told of each session that was audience and is a participant now. */
    listed: (session: Session, roomId: string) => void;
    limits: RoomLimits;
  }) {
    this.#clock = options.clock;
    this.#lastSeenAt = options.lastSeenAt;
    this.#listed = options.listed;
    this.#limits = options.limits;
    const { clock, lastSeenAt } = options;
    this.#broadcast = new Broadcast({ clock, lastSeenAt, largeRoom: options.limits.largeRoom });
  }

  get size(): number {
    return this.#rooms.size;
  }

  /** How many people in all rooms are counted and not listed. */
  get audienceCount(): number {
    let count = 0;
    for (const room of this.#rooms.values()) count += room.audience;
    return count;
  }

  /** The number of people in all rooms. */
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
    return this.#expected.add(roomId);
  }

  /** The directory has given the room to this node under this epoch, for a session that is about to enter. */
  claimed(roomId: string, epoch: number): void {
    this.#expected.claimed(roomId, epoch);
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
   * Puts the session into the room, as a participant or as audience, and tells the others. A {@link snapshot} of the same moment is what
   * the session's client has to know: everything that is sent to it after that is newer.
   *
   * @throws LastseenError as {@link assertSpace}
   */
  enter(roomId: string, session: Session, media: SessionMedia, stay: Stay = {}): void {
    this.assertSpace(roomId);
    const epoch = stay.epoch ?? this.#expected.epochOf(roomId);
    let room = this.#rooms.get(roomId);
    if (!room) this.#rooms.set(roomId, (room = new Room(roomId, this.#clock.wall(), epoch)));
    room.heldUnder(epoch);
    const { chosenRole } = stay;
    const role = chosenRole ?? (room.listed.size < this.#limits.maxListed ? "participant" : "audience");
    room.members.set(session.id, session);
    session.participation = {
      roster: room,
      media,
      joinedAt: stay.joinedAt ?? this.#clock.wall(),
      chosenRole,
      role,
      place: 0,
    };
    if (role === "participant") {
      room.list(session);
      session.replies.spend(this.#broadcast.joined(room, session));
    } else {
      if (chosenRole === undefined) room.unlisted.set(session.id, session);
      this.#broadcast.counted(room);
    }
  }

  /** Takes the session out of the room and tells the others. Idempotent. */
  leave(roomId: string, session: Session, reason: LeaveReason): void {
    const room = this.#rooms.get(roomId);
    const role = room?.remove(session.id);
    if (!room || !role) return;
    if (room.members.size === 0) {
      this.#rooms.delete(roomId);
      room.untold?.timer.cancel();
      return;
    }
    if (role === "participant") this.#broadcast.left(room, session, reason);
    else this.#broadcast.counted(room);
    this.#fillList(room);
  }

  /** A session that sends media comes into the list, because the others must see whom they hear. */
  list(roomId: string, sessionId: string): void {
    const room = this.#rooms.get(roomId);
    const session = room?.members.get(sessionId);
    if (room && session && !room.listed.has(sessionId)) this.#promote(room, session);
  }

  showAway(session: Session, cause: Cause): void {
    const room = this.#roomThatSees(session);
    if (room) this.#broadcast.presence(room, "user_away", session, cause);
  }

  showBack(session: Session, cause: Cause): void {
    const room = this.#roomThatSees(session);
    if (room) this.#broadcast.presence(room, "user_back", session, cause);
  }

  /** Tells the others the metadata that the session has now. */
  announceMetadata(session: Session): void {
    const room = this.#roomThatSees(session);
    if (room) this.#broadcast.metadata(room, session);
  }

  /**
   * Tells the others the session's new name.
   *
   * @param by the session whose client brought the name, and knows it
   */
  showName(session: Session, by: Session | undefined): void {
    const room = this.#roomThatSees(session);
    if (room) this.#broadcast.name(room, session, by);
  }

  /** Tells all members that the room is closed. They leave one by one after that. */
  announceClosed(room: Room, reason: string): void {
    this.#broadcast.closed(room, reason);
  }

  /** @throws LastseenError `not_joined` */
  snapshot(session: Session): RoomSnapshot {
    const room = this.#roomOf(session);
    if (!room) throw new LastseenError("not_joined", "The session is in no room.");
    const { id, version, audience } = room;
    const { sessions, next } = room.page(0, this.#broadcast.isLarge(room) ? this.#firstPage : Infinity);
    return {
      id,
      version,
      participants: sessions.map((one) => this.#participant(one)),
      ...(next === undefined && audience === 0 ? {} : { count: room.members.size }),
      ...(audience === 0 ? {} : { audience }),
      ...(room.listed.has(session.id) ? {} : { role: "audience" }),
      ...(next === undefined ? {} : { next }),
    };
  }

  /**
   * A page of the list of the session's room.
   *
   * @param page `after`: the place after which the page begins
   * @throws LastseenError `not_joined`
   */
  page(session: Session, page: { after?: string; limit?: number }): ReplyData<"getParticipants"> {
    const room = this.#roomOf(session);
    if (!room) throw new LastseenError("not_joined", "The session is in no room.");
    const { sessions, next } = room.page(Number(page.after ?? 0), page.limit ?? LIMITS.pageParticipants);
    const participants = sessions.map(listedParticipantOf);
    return { roomId: room.id, version: room.version, participants, ...(next === undefined ? {} : { next }) };
  }

  /** Everybody in the room, the audience included. */
  participants(room: Room): Participant[] {
    return [...room.members.values()].map((session) => this.#participant(session));
  }

  /** Those in the room whom the others see. */
  listedParticipants(room: Room): Participant[] {
    return [...room.listed.values()].map((session) => this.#participant(session));
  }

  /**
   * Sends an event that does not change the roster to all members.
   *
   * @param except the session that causes the event. It does not get the event, and pays for it
   */
  tell<T extends EventType>(roomId: string, type: T, data: EventData<T>, except?: string): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    const sent = this.#broadcast.send(room, type, data, except);
    if (except !== undefined) room.members.get(except)?.replies.spend(sent);
  }

  /** No more than a small room may have. */
  get #firstPage(): number {
    return Math.min(MOST_IN_SNAPSHOT, this.#limits.largeRoom);
  }

  #roomOf(session: Session): Room | undefined {
    return session.participation && this.#rooms.get(session.participation.roster.id);
  }

  /** The session's room, if the others in it see the session. */
  #roomThatSees(session: Session): Room | undefined {
    const room = this.#roomOf(session);
    return room?.listed.has(session.id) ? room : undefined;
  }

  #promote(room: Room, session: Session): void {
    room.list(session);
    this.#broadcast.listed(room, session);
    this.#listed(session, room.id);
  }

  /** When participants have left, the next ones of the audience come into the list. */
  #fillList(room: Room): void {
    const target = leastListed(room.members.size, this.#limits.maxListed);
    for (const session of room.unlisted.values()) {
      if (room.listed.size >= target) return;
      this.#promote(room, session);
    }
  }

  #participant(session: Session): Participant {
    return participantOf(session, this.#lastSeenAt(session));
  }
}
