import { encodePong } from "@lastseen/protocol/codec";
import type { Timer } from "../kernel/clock.js";
import type { Roster, Session } from "../session/session.js";
import type { RosterChanges } from "./roster-changes.js";

/** The roster of a room: who is in it, and a version that grows by one with every change that the members are told. */
export class Room implements Roster {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
  /** Everybody in the room. */
  readonly members = new Map<string, Session>();
  /** Those of them whom the others see, in the order of their places. */
  readonly listed = new Map<string, Session>();
  /** Those whom the room itself has put into the audience, in the order in which they came. */
  readonly unlisted = new Map<string, Session>();
  /** What the members have not been told yet, and the timer after which they are told. */
  untold: { readonly changes: RosterChanges; readonly timer: Timer } | undefined;
  #epoch: number;
  #version = 0;
  #lastPlace = 0;
  #pong: Buffer | undefined;

  constructor(id: string, openedAt: number, epoch: number) {
    this.id = id;
    this.openedAt = openedAt;
    this.#epoch = epoch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The directory has given this node the room, or people of the room, under this epoch. */
  heldUnder(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  get version(): number {
    return this.#version;
  }

  get pong(): Buffer {
    this.#pong ??= Buffer.from(encodePong(this.#version));
    return this.#pong;
  }

  /** How many members are counted and not listed. */
  get audience(): number {
    return this.members.size - this.listed.size;
  }

  /** Counts a change of the roster, and returns the new version. */
  bump(): number {
    this.#version += 1;
    this.#pong = undefined;
    return this.#version;
  }

  /** Puts a member at the end of the list. */
  list(session: Session): void {
    this.#lastPlace += 1;
    this.unlisted.delete(session.id);
    this.listed.set(session.id, session);
    if (!session.participation) return;
    session.participation.role = "participant";
    session.participation.place = this.#lastPlace;
  }

  /**
   * A page of the list.
   *
   * @param after the place after which it begins; 0 is before the first
   * @returns `next`: the place after which the following page begins; undefined when there is none
   */
  page(after: number, limit: number): { sessions: Session[]; next: string | undefined } {
    const sessions: Session[] = [];
    let last = 0;
    for (const session of this.listed.values()) {
      const place = session.participation?.place ?? 0;
      if (place <= after) continue;
      if (sessions.length >= limit) return { sessions, next: String(last) };
      sessions.push(session);
      last = place;
    }
    return { sessions, next: undefined };
  }

  /** @returns what the session was; undefined when it was not in the room */
  remove(sessionId: string): "participant" | "audience" | undefined {
    if (!this.members.delete(sessionId)) return undefined;
    this.unlisted.delete(sessionId);
    return this.listed.delete(sessionId) ? "participant" : "audience";
  }
}
