/**
 * Where events for the owner's backend are kept, so that they can be read again: the latest ones of all nodes. It also keeps
 * which of them nobody has delivered yet, and which node has to, so that what a dead node leaves is not lost.
 */
import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";

export interface EventPage {
  readonly events: readonly BackendEvent[];
  /** The event asked from is not in the log (any more): there may have been others between it and the first of these. */
  readonly gap: boolean;
  /** The id to go on from; undefined when nothing follows. */
  readonly next: string | undefined;
}

/** What changed hands. */
export interface TakenOver {
  /** Events that this process has to deliver from now on, oldest first. */
  readonly events: readonly BackendEvent[];
  /** So many more have not been delivered either, but the log does not keep them any more. */
  readonly forgotten: number;
  /** Ids of events that another node has to deliver instead of this one, which was taken for dead. */
  readonly taken: readonly string[];
}

/** One process's access to the log. A rejected promise means that the log could not be asked. */
export interface EventLog {
  /**
   * Appends events of this process; it has to deliver them. The same ones once more, after a rejection, are not appended
   * twice.
   *
   * @returns the events with their ids, each greater than all before it in the whole log
   */
  append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]>;
  /** The events that follow the one with the id `after`, oldest first; without it, from the oldest one that is kept. */
  read(after: string | undefined, limit: number): Promise<EventPage>;
  /** These were delivered, or are given up: nobody has to deliver them any more. */
  acknowledge(ids: readonly string[]): Promise<void>;
  /**
   * Takes over what was left undelivered by an earlier process of this node and, if this node holds a lease, by nodes that
   * are gone. Gone is a node that is named and has no lease that holds, or that has no lease at all and has appended nothing
   * for {@link QUIET_MS}. Everything that a node leaves goes to one other node, and its leases are claimed.
   *
   * @param dead nodes whose leases have been out for long enough
   */
  takeOver(dead: readonly string[]): Promise<TakenOver>;
}

/** A process that ends gives up its lease a little before its last events, one that starts appends before it has one. */
export const QUIET_MS = 10_000;

/** Orders ids as the log does: two numbers, the second one of which counts within the first. */
export function compareEventIds(one: string, other: string): number {
  const [time = 0, count = 0] = one.split("-").map(Number);
  const [otherTime = 0, otherCount = 0] = other.split("-").map(Number);
  return time - otherTime || count - otherCount;
}
