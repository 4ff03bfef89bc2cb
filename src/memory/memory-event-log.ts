import type { Clock } from "../kernel/clock.js";
import type { BackendEvent, NewBackendEvent } from "../protocol/backend-event.js";
import type { EventLog, EventPage } from "../session/event-log.js";

/** About 4 MB. */
const KEPT = 10_000;

/** The latest events of the only node. They end with the process; ids of a later process are greater. */
export class MemoryEventLog implements EventLog {
  readonly #startedAt: number;
  readonly #kept: number;
  /** The one at index 0 is number {@link #first}. */
  readonly #events: BackendEvent[] = [];
  #first = 1;

  constructor(clock: Clock, kept = KEPT) {
    this.#startedAt = clock.wall();
    this.#kept = kept;
  }

  append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]> {
    const appended = events.map((event) => {
      const stored = { id: `${this.#startedAt}-${this.#first + this.#events.length}`, ...event };
      this.#events.push(stored);
      return stored;
    });
    const excess = Math.max(0, this.#events.length - this.#kept);
    this.#events.splice(0, excess);
    this.#first += excess;
    return Promise.resolve(appended);
  }

  read(after: string | undefined, limit: number): Promise<EventPage> {
    const [startedAt, number] = (after ?? "").split("-").map(Number);
    const index = startedAt === this.#startedAt && number !== undefined ? number - this.#first : -1;
    const isKnown = index >= 0 && index < this.#events.length;
    const from = isKnown ? index + 1 : 0;
    const events = this.#events.slice(from, from + limit);
    return Promise.resolve({ events, gap: after !== undefined && !isKnown, next: events.at(-1)?.id });
  }
}
