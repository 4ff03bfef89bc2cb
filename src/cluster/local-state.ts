import type { SessionEntry } from "../ports/directory.js";
import type { GivenUp } from "../session/events.js";
import type { Session } from "../session/session.js";

/** What this node knows of its own sessions and rooms, and can do about them. */
export interface LocalState {
  /** Sessions that are open here. */
  sessions(): Iterable<Session>;
  rooms(): Iterable<string>;
  /** How many there are. */
  counts(): { sessions: number; rooms: number };
  /** Whether the session is, or was until a moment ago, this node's: its end may not have reached the directory yet. */
  knows(sessionId: string): boolean;
  /** Removes entries of sessions that have ended while the store could not be asked. */
  settleDebts(): Promise<void>;
  /** Brings the session's entry up to date; a session that another node holds by now is given up by itself. `false`: not written. */
  record(session: Session): Promise<boolean>;
  /** Holds a room in which people are; `false` when it is another node's. */
  holdRoom(roomId: string): Promise<boolean>;
  releaseIfEmpty(roomId: string): Promise<void>;
  /** Goes on with sessions here; returns how many it could not. */
  adopt(entries: readonly SessionEntry[], fromNodeId: string): Promise<number>;
  /** Lets go of a session that another node holds: its client is told to come again, and nothing of it stays here. */
  giveUp(session: Session, why: GivenUp): void;
}
