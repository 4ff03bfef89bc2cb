/**
 * The roster of the session's room: reports each change as an event, asks for the pages of a large room, and asks for the roster
 * again when an event was missed.
 */
import type { EventType, Participant, RoomSnapshot } from "@lastseen/protocol";
import type { Emitter } from "./emitter.js";
import type { ClientEvents, LeftRoom, RoomState } from "./events.js";
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
  #pages: Promise<void> | undefined;
  #activeSpeaker: string | null = null;

  constructor(connection: Connection, events: Emitter<ClientEvents>) {
    this.#connection = connection;
    this.#events = events;
  }

  get room(): RoomState | undefined {
    return this.#roster?.snapshot;
  }

  /** Id of the user who speaks, or null. */
  get activeSpeaker(): string | null {
    return this.#activeSpeaker;
  }

  /** Sets the room. @param between runs when the room is set and before the `roster` event */
  open(room: RoomSnapshot, between: () => void): void {
    const before = this.room?.participants ?? [];
    this.#roster = new Roster(room, this.room);
    this.#repairing = this.#incomplete = false;
    between();
    this.#emitRoster("snapshot", before);
    void this.#askForPages();
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

  /** @param ownId this session */
  event(event: ServiceEvent, ownId: string): void {
    if (!this.#roster) return;
    if (event.type === "active_speaker") this.#activeSpeaker = event.data.userId;
    const before = this.#roster.snapshot.participants;
    const applied = this.#roster.apply(event);
    if (event.type === "roster_changed" && event.data.joined?.some(({ sessionId }) => sessionId === ownId)) {
      this.#roster.listed();
    }
    if (applied !== "unaffected") this.#emitRoster(event.type, before);
    if (applied !== "gap") return;
    this.#incomplete = true;
    void this.#repair();
  }

  /** @param version the roster's version at the service */
  check(version: number): void {
    if (!this.#roster) return;
    if (this.#incomplete || version !== this.#roster.snapshot.version) void this.#repair();
    else void this.#askForPages();
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
    await this.#askForPages();
    return this.room ?? room;
  }

  /** Asks for one page after the other until the list is complete. A failure is made good after the next pong. */
  #askForPages(): Promise<void> {
    return (this.#pages ??= this.#getPages().finally(() => (this.#pages = undefined)));
  }

  async #getPages(): Promise<void> {
    try {
      for (let after = this.room?.next; after !== undefined; after = this.room?.next) {
        const page = await this.#connection.request("getParticipants", { after });
        const roster = this.#roster;
        // The list may have begun anew since the client asked.
        if (roster?.snapshot.id !== page.roomId || roster.snapshot.next !== after) continue;
        const before = roster.snapshot.participants;
        this.#incomplete ||= !roster.add(page);
        if (this.#incomplete) break;
        this.#emitRoster("snapshot", before);
      }
    } catch {
      // Without a connection the next hello brings a new list.
    }
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
    if (cause === "snapshot" && room.next === undefined) this.#clearAbsentSpeaker(room);
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
