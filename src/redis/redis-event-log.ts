import { Compile } from "typebox/compile";
import { NewBackendEvent, type BackendEvent } from "../protocol/backend-event.js";
import type { EventLog, EventPage } from "../session/event-log.js";
import type { RedisLink } from "./link.js";
import { list, text } from "./replies.js";
import { loadScript } from "./script.js";

const APPEND = loadScript("event-append");
const AFTER = loadScript("events-after");

/** About 50 MB of Redis. */
const KEPT = 100_000;

const eventCheck = Compile(NewBackendEvent);

/** The events of all nodes, in a stream of Redis, in the order in which it got them; it also gives them their ids. */
export class RedisEventLog implements EventLog {
  readonly #link: RedisLink;
  readonly #kept: number;

  constructor(link: RedisLink, kept = KEPT) {
    this.#link = link;
    this.#kept = kept;
  }

  async append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]> {
    const lines = events.map((event) => JSON.stringify(event));
    const ids = list(await this.#link.run(APPEND, [this.#kept, ...lines])).map(text);
    return events.map((event, index) => ({ id: text(ids[index]), ...event }));
  }

  async read(after: string | undefined, limit: number): Promise<EventPage> {
    const entries = list(await this.#link.run(AFTER, [after ?? "-", limit + 1])).map(readEntry);
    const isKnown = after !== undefined && entries[0]?.id === after;
    const following = entries.slice(isKnown ? 1 : 0).slice(0, limit);
    return {
      events: following.flatMap(({ id, event }) => (event ? [{ id, ...event }] : [])),
      gap: after !== undefined && !isKnown,
      next: following.at(-1)?.id,
    };
  }
}

/** Without an event when it can't be read: another version wrote it. */
function readEntry(entry: unknown): { id: string; event: NewBackendEvent | undefined } {
  const [id, fieldAndValue] = list(entry);
  const event: unknown = JSON.parse(text(list(fieldAndValue)[1]));
  return { id: text(id), event: eventCheck.Check(event) ? event : undefined };
}
