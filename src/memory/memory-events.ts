import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
import { compareEventIds, parseEventId } from "../ports/event-log.js";
import type { MemoryStore } from "./memory-store.js";

/** About 4 MB. */
const KEPT = 10_000;

/** What one process has appended and nobody has delivered. */
export interface Run {
  /** Who has to deliver it. */
  nodeId: string;
  /** The sequence of the last event, and its batch. */
  last: number;
  batch: readonly BackendEvent[];
  /** When the last batch was appended, monotonic milliseconds. */
  appendedAt: number;
  /** The ids, oldest first. */
  readonly undelivered: Set<string>;
}

/** The latest events of all nodes of a {@link MemoryStore}. They end with the process; ids of a later process are greater. */
export class MemoryEvents {
  readonly store: MemoryStore;
  /** A run of which nothing is left is not here. */
  readonly runs = new Set<Run>();
  readonly #startedAt: number;
  readonly #kept: number;
  /** The one at index 0 is number {@link #first}. */
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

  /** The events that follow that id, or the oldest ones when it is undefined; `isKept`: the event with that id is here. */
  after(id: string | undefined, limit: number): { events: readonly BackendEvent[]; isKept: boolean } {
    const index = id === undefined ? undefined : this.#indexOf(id);
    const following =
      index === undefined && id !== undefined
        ? this.#events.findIndex((each) => compareEventIds(each.id, id) > 0)
        : (index ?? -1) + 1;
    const from = following < 0 ? this.#events.length : following;
    return { events: this.#events.slice(from, from + limit), isKept: index !== undefined };
  }

  #indexOf(id: string): number | undefined {
    const parsed = parseEventId(id);
    if (parsed?.time !== this.#startedAt) return undefined;
    const index = parsed.count - this.#first;
    return index >= 0 && index < this.#events.length ? index : undefined;
  }
}
