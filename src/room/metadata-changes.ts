/**
 * How the others learn of new metadata. A session that changes its metadata quickly costs a message to each member of its room
 * each time. So changes that come too quickly are merged: the others get the last state when the next message is due.
 */
import type { JsonObject } from "@lastseen/protocol";
import type { Clock, Timer } from "../kernel/clock.js";
import type { Participation, Session } from "../session/session.js";
import type { Rooms } from "./rooms.js";

/** The others are told so many changes of one session at once, and then one in this time, milliseconds. */
const BURST = 10;
const EVERY_MS = 200;

/** Tells how long a session has to wait for its next message. */
class Pace {
  #left = BURST;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Takes the next message. @returns the time until it is due, milliseconds */
  take(now: number): number {
    this.#left = Math.min(BURST, this.#left + (now - this.#at) / EVERY_MS) - 1;
    this.#at = now;
    return Math.max(0, -this.#left * EVERY_MS);
  }
}

/** A message to the others that is due when the timer fires. */
interface Due {
  readonly timer: Timer;
  /** The stay in which the last change was made. */
  participation: Participation | undefined;
}

export class MetadataChanges {
  readonly #clock: Clock;
  readonly #rooms: Rooms;
  readonly #changed: (session: Session) => void;
  readonly #paces = new WeakMap<Session, Pace>();
  readonly #due = new Map<Session, Due>();

  /** @param options `changed`: told of each message to the others; another node needs the metadata when it takes the session over */
  constructor(options: { clock: Clock; rooms: Rooms; changed: (session: Session) => void }) {
    this.#clock = options.clock;
    this.#rooms = options.rooms;
    this.#changed = options.changed;
  }

  /** Sessions whose last change the others have not been told yet. */
  get waiting(): number {
    return this.#due.size;
  }

  /** The session is in a room. Snapshots have the new metadata at once. */
  set(session: Session, metadata: JsonObject): void {
    session.metadata = metadata;
    const due = this.#due.get(session);
    if (due) {
      due.participation = session.participation;
      return;
    }
    const waitMs = this.#paceOf(session).take(this.#clock.mono());
    if (waitMs === 0) this.#tell(session);
    else {
      const timer = this.#clock.after(waitMs, () => this.#tellWhatIsDue(session));
      this.#due.set(session, { timer, participation: session.participation });
    }
  }

  close(): void {
    for (const { timer } of this.#due.values()) timer.cancel();
    this.#due.clear();
  }

  /** A session that has left needs no message: those who see it elsewhere got its metadata when it came. */
  #tellWhatIsDue(session: Session): void {
    const due = this.#due.get(session);
    this.#due.delete(session);
    if (session.status === "open" && session.participation === due?.participation) this.#tell(session);
  }

  #tell(session: Session): void {
    this.#rooms.announceMetadata(session);
    this.#changed(session);
  }

  #paceOf(session: Session): Pace {
    const known = this.#paces.get(session);
    if (known) return known;
    const pace = new Pace(this.#clock.mono());
    this.#paces.set(session, pace);
    return pace;
  }
}
