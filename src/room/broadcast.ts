/**
 * What the members of a room are told. In a small room each change is one event, in the turn of the event loop in which it happens. In
 * a large room all changes of a moment are one event: one event for each change would cost the square of the room's size when
 * everybody comes or goes at once.
 */
import { type Cause, type EventData, type EventType, type LeaveReason } from "@lastseen/protocol";
import { encodeEvent } from "@lastseen/protocol/codec";
import type { Clock } from "../kernel/clock.js";
import type { Session } from "../session/session.js";
import { listedParticipantOf, participantOf } from "./participants.js";
import type { Room } from "./room.js";
import { RosterChanges } from "./roster-changes.js";

/** In a larger room, a list of all who stay would make each departure cost the square of the room's size. */
const MOST_NAMED = 50;

/** Members of a large room are told of its changes after half a millisecond for each of them, within these bounds, milliseconds. */
const LEAST_WAIT_MS = 100;
const MOST_WAIT_MS = 1_000;
/** When the node owes its large rooms too much; see {@link TOLD_PER_MS}. */
const MOST_WAIT_IN_A_STORM_MS = 5_000;
/**
 * So many messages about changes a node sends its large rooms in a millisecond: about a twentieth of a core. When it owes them more, as when
 * everybody of many rooms comes back at once, it tells them of more changes at a time, and so more seldom.
 */
const TOLD_PER_MS = 5;
/**
 * In a room in which many are not connected, as after a takeover, each message counts like so many. Those people are on their way, and to
 * serve them is more urgent than to tell the others of each of them.
 */
const WEIGHT_WHILE_AWAITED = 3;
/** The part of a room's people that is not connected then. */
const AWAITED_PART = 1 / 4;

/** About what a new participant costs each member of a large room, bytes. */
const LISTED_BYTES = 150;

export class Broadcast {
  readonly #clock: Clock;
  readonly #largeRoom: number;
  readonly #lastSeenAt: (session: Session) => number;
  /** Messages about changes beyond those that the time until `#countedAt` allows. */
  #tooMany = 0;
  /** Monotonic milliseconds. */
  #countedAt = 0;

  constructor(options: {
    clock: Clock;
    /** A room of more people is large. */
    largeRoom: number;
    /** When the session was last heard, epoch milliseconds. */
    lastSeenAt: (session: Session) => number;
  }) {
    this.#clock = options.clock;
    this.#largeRoom = options.largeRoom;
    this.#lastSeenAt = options.lastSeenAt;
  }

  isLarge(room: Room): boolean {
    return room.members.size > this.#largeRoom;
  }

  /** @returns the bytes that the others are sent together, or will be sent about it */
  joined(room: Room, session: Session): number {
    if (!this.isLarge(room)) {
      const participant = participantOf(session, this.#lastSeenAt(session));
      return this.#announce(room, "user_joined", { participant }, session);
    }
    this.#toTell(room).joined(session.id);
    return LISTED_BYTES * room.members.size;
  }

  /** The session was a participant, and is in the list no more. */
  left(room: Room, session: Session, reason: LeaveReason): void {
    if (this.isLarge(room)) {
      this.#toTell(room).left(session.id, reason);
      return;
    }
    this.#announce(room, "user_left", {
      userId: session.userId,
      name: session.name,
      sessionId: session.id,
      reason,
      count: room.members.size,
      ...(room.members.size > MOST_NAMED ? {} : { participants: userIdsOf(room) }),
    });
  }

  /** The session was audience and is a participant now. Told as `roster_changed` in small rooms too: it was counted before. */
  listed(room: Room, session: Session): void {
    this.#toTell(room).joined(session.id);
  }

  /** The audience has become larger or smaller. */
  counted(room: Room): void {
    // The counts are told with every change.
    this.#toTell(room);
  }

  presence(room: Room, type: "user_away" | "user_back", session: Session, reason: Cause): void {
    if (this.isLarge(room)) this.#changed(room, session, "state");
    else this.#announce(room, type, { userId: session.userId, sessionId: session.id, reason }, session);
  }

  metadata(room: Room, session: Session): void {
    const { userId, id: sessionId, metadata } = session;
    if (this.isLarge(room)) this.#changed(room, session, "metadata");
    else this.#announce(room, "metadata_changed", { userId, sessionId, metadata }, session);
  }

  /** @param by the session whose client brought the name, and knows it */
  name(room: Room, session: Session, by: Session | undefined): void {
    const { userId, id: sessionId, name } = session;
    if (this.isLarge(room)) this.#changed(room, session, "name");
    else this.#announce(room, "name_changed", { userId, sessionId, name }, by);
  }

  closed(room: Room, reason: string): void {
    this.#announce(room, "room_closed", { reason });
  }

  /**
   * Sends an event that does not change the roster to all members.
   *
   * @param except the id of a session that does not get it
   * @returns the bytes that were sent to all members together
   */
  send<T extends EventType>(room: Room, type: T, data: EventData<T>, except: string | undefined): number {
    // Often nobody is there who could get it: the first in a room, or one whose others have not come back yet.
    let frame: Buffer | undefined;
    for (const { id, connection } of room.members.values()) {
      if (connection && id !== except) connection.send((frame ??= Buffer.from(encodeEvent(type, data))));
    }
    return (frame?.length ?? 0) * room.members.size;
  }

  #changed(room: Room, session: Session, field: "state" | "name" | "metadata"): void {
    this.#toTell(room).changed(session.id, field);
  }

  /** Where a change is noted. The members are told a little later, because more may change. */
  #toTell(room: Room): RosterChanges {
    room.untold ??= {
      changes: new RosterChanges(),
      timer: this.#clock.after(this.#waitMs(room), () => this.#tellChanges(room)),
    };
    return room.untold.changes;
  }

  #waitMs(room: Room): number {
    const untilAllowedMs = this.#countTold(0) / TOLD_PER_MS;
    return Math.max(LEAST_WAIT_MS, Math.min(room.members.size / 2, MOST_WAIT_MS), untilAllowedMs);
  }

  /** Counts messages about changes. @returns how many there are too many */
  #countTold(messages: number): number {
    const now = this.#clock.mono();
    const left = Math.max(0, this.#tooMany - (now - this.#countedAt) * TOLD_PER_MS);
    // No wait is longer, so more would only make waits long when the crowd is back.
    this.#tooMany = Math.min(left + messages, MOST_WAIT_IN_A_STORM_MS * TOLD_PER_MS);
    this.#countedAt = now;
    return this.#tooMany;
  }

  #tellChanges(room: Room): void {
    if (!room.untold) return;
    const { changes, timer } = room.untold;
    timer.cancel();
    room.untold = undefined;
    const told = changes.told(room.listed, listedParticipantOf);
    const counts = { count: room.members.size, audience: room.audience };
    this.send(room, "roster_changed", { roomId: room.id, version: room.bump(), ...counts, ...told }, undefined);
    let reached = 0;
    for (const { connection } of room.members.values()) if (connection) reached += 1;
    const isAwaited = reached < room.members.size * (1 - AWAITED_PART);
    this.#countTold(isAwaited ? reached * WEIGHT_WHILE_AWAITED : reached);
  }

  /** @returns the bytes that were sent to all members together */
  #announce<T extends RosterEvent>(
    room: Room,
    type: T,
    data: Omit<EventData<T>, "roomId" | "version">,
    except?: Session,
  ): number {
    // What has happened before is told before.
    this.#tellChanges(room);
    return this.send(room, type, { roomId: room.id, version: room.bump(), ...data } as EventData<T>, except?.id);
  }
}

type RosterEvent =
  "user_joined" | "user_left" | "user_away" | "user_back" | "name_changed" | "metadata_changed" | "room_closed";

function userIdsOf(room: Room): string[] {
  return [...new Set([...room.listed.values()].map(({ userId }) => userId))];
}
