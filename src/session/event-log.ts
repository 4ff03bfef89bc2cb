/** Where events for the owner's backend are kept, so that they can be read again. It keeps the latest ones. */
import type { BackendEvent, NewBackendEvent } from "../protocol/backend-event.js";

export interface EventPage {
  readonly events: readonly BackendEvent[];
  /** The event asked from is not in the log (any more): there may have been others between it and the first of these. */
  readonly gap: boolean;
  /** The id to go on from; undefined when nothing follows. */
  readonly next: string | undefined;
}

/** A rejected promise means that the log could not be asked. */
export interface EventLog {
  /** @returns the events with their ids, each greater than all before it in the whole log */
  append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]>;
  /** The events that follow the one with the id `after`, oldest first; without it, from the oldest one that is kept. */
  read(after: string | undefined, limit: number): Promise<EventPage>;
}
