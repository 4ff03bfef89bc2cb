import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
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

  /** The events that follow the one with that id, or undefined when it is not kept (any more). */
  after(id: string, limit: number): readonly BackendEvent[] | undefined {
    const index = this.#indexOf(id);
    return index === undefined ? undefined : this.#events.slice(index + 1, index + 1 + limit);
  }

  oldest(limit: number): readonly BackendEvent[] {
    return this.#events.slice(0, limit);
  }

  #indexOf(id: string): number | undefined {
    const [startedAt, number = 0] = id.split("-").map(Number);
    const index = number - this.#first;
    return startedAt === this.#startedAt && index >= 0 && index < this.#events.length ? index : undefined;
  }
}
