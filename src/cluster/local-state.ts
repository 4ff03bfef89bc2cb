import type { SessionEntry } from "../ports/directory.js";
import type { GivenUp } from "@lastseen/protocol";
import type { Actor } from "../session/actor.js";
import type { Session } from "../session/session.js";

/** This node's own sessions and rooms: what the cluster reads of them, and what it can do with them. */
export interface LocalState {
  /** Sessions that are open on this node. */
  sessions(): Iterable<Session>;
  /** Ids of the rooms on this node. */
  rooms(): Iterable<string>;
  /** The sessions in a room on this node. */
  membersOf(roomId: string): readonly Session[];
  /** Number of open sessions and rooms on this node. */
  counts(): { sessions: number; rooms: number };
  /** Whether the entry is of a session that is on this node, or that has ended here. */
  knows(entry: SessionEntry): boolean;
  /**
   * Removes the entries of sessions that ended while the store did not answer, and those among `found` that a store with older
   * data has brought back. Rejects while the store does not answer.
   */
  removeEndedEntries(found: readonly SessionEntry[]): Promise<void>;
  /**
   * Brings the session's entry up to date. When another node holds the session by now, this node gives it up.
   *
   * @returns false when the store did not answer
   */
  record(session: Session): Promise<boolean>;
  /**
   * Makes this node the home of a room in which people are here.
   *
   * @returns false when another node is the home
   */
  reclaimRoom(roomId: string): Promise<boolean>;
  /** Releases the room in the directory if nobody is in it. */
  releaseIfEmpty(roomId: string): Promise<void>;
  /**
   * Opens these sessions on this node, from the entries that another node has left.
   *
   * @param unwritten ids of those that the store has under an earlier lease of this node. They are written under the present one, so
   *   that no other node takes them over with that lease
   * @returns number of sessions that could not go on in their rooms
   */
  adopt(entries: readonly SessionEntry[], fromNodeId: string, unwritten?: ReadonlySet<string>): Promise<number>;
  /** This node goes on with a session that no other node holds. `epoch`: later than every end that another node may have told. */
  holdAgain(session: Session, epoch: number): void;
  /** Closes a session here that another node holds. The client is told to reconnect; the session itself does not end. `by`: who asked for it. */
  giveUp(session: Session, why: GivenUp, by?: Actor): void;
}
