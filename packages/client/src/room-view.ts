/** The roster of the session's room: reports each change as an event, and asks for the roster when an event was missed. */
import type { EventType, Participant, RoomSnapshot } from "@lastseen/protocol";
import type { Emitter } from "./emitter.js";
import type { ClientEvents, LeftRoom } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import type { Connection } from "./connection.js";
import { Roster } from "./roster.js";

export class RoomView {
  readonly #connection: Connection;
  readonly #events: Emitter<ClientEvents>;
  #roster: Roster | undefined;
  #repairing = false;
  /** An event was missed, so the roster may be wrong although its version is the newest. */
  #incomplete = false;
  #activeSpeaker: string | null = null;

  constructor(connection: Connection, events: Emitter<ClientEvents>) {
    this.#connection = connection;
    this.#events = events;
  }

  get room(): RoomSnapshot | undefined {
    return this.#roster?.snapshot;
  }

  /** Id of the user who speaks, or null. */
  get activeSpeaker(): string | null {
    return this.#activeSpeaker;
  }

  /** Sets the room. @param between runs when the room is set and before the `roster` event */
  open(room: RoomSnapshot, between: () => void): void {
    const before = this.room?.participants ?? [];
    this.#roster = new Roster(room);
    this.#repairing = this.#incomplete = false;
    between();
    this.#emitRoster("snapshot", before);
  }

  /** Ends the room, and emits `left` if there was one. */
  close(reason: LeftRoom["reason"], error?: LeftRoom["error"]): void {
    const roomId = this.room?.id;
    this.#roster = undefined;
    this.#activeSpeaker = null;
    if (roomId === undefined) return;
    this.#events.emit("left", error ? { roomId, reason, error } : { roomId, reason });
  }

  /** Applies a change by this session, which the service tells only to the others. */
  amend(sessionId: string, changes: Partial<Pick<Participant, "metadata" | "producers">>, cause: EventType): void {
    if (!this.#roster) return;
    const before = this.#roster.snapshot.participants;
    this.#roster.amend(sessionId, changes);
    this.#emitRoster(cause, before);
  }

  event(event: ServiceEvent): void {
    if (!this.#roster) return;
    if (event.type === "active_speaker") this.#activeSpeaker = event.data.userId;
    const before = this.#roster.snapshot.participants;
    const applied = this.#roster.apply(event);
    if (applied !== "unaffected") this.#emitRoster(event.type, before);
    if (applied !== "gap") return;
    this.#incomplete = true;
    void this.#repair();
  }

  /** @param version the roster's version at the service */
  check(version: number): void {
    if (this.#roster && (this.#incomplete || version !== this.#roster.snapshot.version)) void this.#repair();
  }

  /** @throws RequestError */
  async refresh(): Promise<RoomSnapshot> {
    const { room } = await this.#connection.request("getRoom", {});
    const roster = this.#roster;
    if (roster?.snapshot.id !== room.id) return room;
    const before = roster.snapshot.participants;
    if (roster.replace(room)) {
      this.#incomplete = false;
      this.#emitRoster("snapshot", before);
    }
    return roster.snapshot;
  }

  async #repair(): Promise<void> {
    if (this.#repairing) return;
    this.#repairing = true;
    try {
      await this.refresh();
    } catch {
      // The next pong shows the difference again, or the connection is lost and the next hello brings a snapshot.
    }
    this.#repairing = false;
  }

  #emitRoster(cause: EventType | "snapshot", before: readonly Participant[]): void {
    const room = this.room;
    if (!room) return;
    const added = without(room.participants, before);
    const removed = without(before, room.participants);
    this.#events.emit("roster", { room, cause, added, removed });
    if (cause === "snapshot") this.#clearAbsentSpeaker(room);
  }

  /** A snapshot can lack the user who spoke last; the service sends no event for that. */
  #clearAbsentSpeaker({ id: roomId, participants }: RoomSnapshot): void {
    const speaker = this.#activeSpeaker;
    if (speaker === null || participants.some(({ userId }) => userId === speaker)) return;
    this.#activeSpeaker = null;
    this.#events.emit("active_speaker", { roomId, userId: null });
  }
}

function without(some: readonly Participant[], others: readonly Participant[]): Participant[] {
  const ids = new Set(others.map(({ sessionId }) => sessionId));
  return some.filter(({ sessionId }) => !ids.has(sessionId));
}
