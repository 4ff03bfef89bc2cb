import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
import { compareEventIds, eventIdOf, parseEventId, type EventId } from "../ports/event-log.js";
import type { MemoryStore } from "./memory-store.js";

/** Number of events that the log keeps: about 4 MB. */
const KEPT = 10_000;

/** The events that one process has appended. When all of them are delivered, the run is removed. */
export interface Run {
  /** The node that has to deliver the events. */
  nodeId: string;
  /** The sequence of the last event. */
  last: number;
  /** The events that the process appended last. */
  batch: readonly BackendEvent[];
  /** When the last batch was appended, monotonic milliseconds. */
  appendedAt: number;
  /** The ids of the undelivered events, oldest first. */
  readonly undelivered: Set<string>;
}

/**
 * The latest events of all nodes of a {@link MemoryStore}. They are lost when the process ends. The ids of a later process
 * are greater.
 */
export class MemoryEvents {
  readonly store: MemoryStore;
  /** Only runs with undelivered events. */
  readonly runs = new Set<Run>();
  readonly #startedAt: number;
  readonly #kept: number;
  /** The event at index 0 has the number {@link #first}. */
  readonly #events: BackendEvent[] = [];
  #first = 1;

  constructor(store: MemoryStore, kept = KEPT) {
    this.store = store;
    this.#startedAt = store.clock.wall();
    this.#kept = kept;
  }

  append(events: readonly NewBackendEvent[]): readonly BackendEvent[] {
    const appended = events.map((event) => {
      const stored = { id: `${this.#startedAt}-${this.#first + this.#events.length}`, ...event };
      this.#events.push(stored);
      return stored;
    });
    const excess = Math.max(0, this.#events.length - this.#kept);
    this.#events.splice(0, excess);
    this.#first += excess;
    return appended;
  }

  find(id: string): BackendEvent | undefined {
    return this.#events[this.#indexOf(id) ?? -1];
  }

  /** The events that follow the id; without an id, the oldest events. `isKept`: the log still has the event with that id. */
  after(id: string | undefined, limit: number): { events: readonly BackendEvent[]; isKept: boolean } {
    const index = id === undefined ? undefined : this.#indexOf(id);
    const following = index === undefined && id !== undefined ? this.#indexAfter(eventIdOf(id)) : (index ?? -1) + 1;
    const from = following < 0 ? this.#events.length : following;
    return { events: this.#events.slice(from, from + limit), isKept: index !== undefined };
  }

  /** The index of the first event with a greater id; -1 when there is none. */
  #indexAfter(id: EventId): number {
    return this.#events.findIndex((each) => compareEventIds(eventIdOf(each.id), id) > 0);
  }

  #indexOf(id: string): number | undefined {
    const parsed = parseEventId(id);
    if (parsed?.time !== this.#startedAt) return undefined;
    const index = parsed.count - this.#first;
    return index >= 0 && index < this.#events.length ? index : undefined;
  }
}
