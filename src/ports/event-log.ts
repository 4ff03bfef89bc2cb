/**
 * The log keeps the latest events of all nodes for the owner's backend, which can read them again. It also keeps which
 * events are undelivered and which node has to deliver them, so that the events of a dead node are not lost.
 */
import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";

export interface EventPage {
  readonly events: readonly BackendEvent[];
  /** The log does not keep the event that the caller read on from. Events between it and the first of these can be lost. */
  readonly gap: boolean;
  /** The id of the last of these events, to read on from; undefined when there are none. */
  readonly next: string | undefined;
}

/** Which node has to deliver what, after a takeover. */
export interface TakenOver {
  /** Undelivered events that this process has to deliver from now on, oldest first. */
  readonly events: readonly BackendEvent[];
  /** Ids of further undelivered events that the log does not keep any more. They are acknowledged. */
  readonly forgotten: readonly string[];
  /** Ids of events that this process had to deliver and that another node has taken over. */
  readonly taken: readonly string[];
}

/** One process's access to the log. A rejected promise means that the log did not answer. */
export interface EventLog {
  /**
   * Appends events of this process, which has to deliver them. When the last call was rejected, the caller can repeat it
   * with the same events: the log does not append them twice.
   *
   * @returns the events with their ids, each greater than all before it in the whole log
   */
  append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]>;
  /**
   * Reads events, oldest first: those that follow the event with the id `after`, or all that are kept when it is undefined.
   * When the log does not keep that event, reading begins with the oldest one that follows it.
   *
   * @param limit at most so many events
   */
  read(after: string | undefined, limit: number): Promise<EventPage>;
  /** The process has delivered these events or given them up. No node has to deliver them any more. */
  acknowledge(ids: readonly string[]): Promise<void>;
  /**
   * Takes over undelivered events. This process gets the events of an earlier process of the same node and, if this node
   * holds a lease, the events of nodes that are gone. A node is gone
   *
   * - when it is named in `dead` and none of its leases holds, or
   * - when it has no lease at all and has appended nothing for {@link QUIET_MS}.
   *
   * All events of a node go to one other node, and the leases of a node that is gone are claimed: the directory refuses it
   * from then on.
   *
   * @param dead nodes that the caller has seen expired for long enough
   */
  takeOver(dead: readonly string[]): Promise<TakenOver>;
}

/**
 * A stopping process resigns its lease shortly before it appends its last events, and a starting process appends before it
 * has a lease. So a node without a lease is gone only when it has appended nothing for this time.
 */
export const QUIET_MS = 10_000;

/** An event's id, "time-count": the log's time in milliseconds, and a number that counts within it. */
export interface EventId {
  readonly time: number;
  readonly count: number;
}

/** @returns undefined when the text is no event id */
export function parseEventId(text: string): EventId | undefined {
  const match = /^(\d+)-(\d+)$/.exec(text);
  return match ? { time: Number(match[1]), count: Number(match[2]) } : undefined;
}

/** @throws Error when the text is no event id */
export function eventIdOf(text: string): EventId {
  const id = parseEventId(text);
  if (!id) throw new Error("not an event id: time-count");
  return id;
}

/** Orders ids as the log does; for sorting. */
export function compareEventIds(one: EventId, other: EventId): number {
  return one.time - other.time || one.count - other.count;
}

/** The events in the order of the log. */
export function inOrderOfIds(events: readonly BackendEvent[]): BackendEvent[] {
  return events
    .map((event) => ({ event, id: eventIdOf(event.id) }))
    .toSorted((one, other) => compareEventIds(one.id, other.id))
    .map(({ event }) => event);
}
