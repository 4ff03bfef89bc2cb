import type { NewBackendEvent } from "@lastseen/protocol";
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { DROP_CAUSES, type DropCause, type DroppedEvents, type WebhookEvents } from "./events.js";
import type { Step } from "./translate.js";

/** The first drop is told at once, and further ones are told together after this time. */
const TELL_EVERY_MS = 10_000;

/** What must be known of an event that was dropped. */
export type Dropped = Pick<NewBackendEvent, "at"> & Partial<Pick<NewBackendEvent, "type" | Summary>>;
type Summary = "cause" | "count" | "firstAt" | "lastAt";

/** Counts the events that the backend will not get, and tells the backend with an event of its own, `events_dropped`. */
export class Drops {
  readonly #clock: Clock;
  readonly #events: Emitter<WebhookEvents>;
  readonly #tell: (step: Step) => void;
  /** What the backend does not know yet. */
  readonly #untold = new Map<DropCause, DroppedEvents>();
  #timer: Timer | undefined;
  #toldAt = -Infinity;
  #closed = false;

  /** @param options.tell sends an event to the backend, by the same way as all others */
  constructor(options: { clock: Clock; events: Emitter<WebhookEvents>; tell: (step: Step) => void }) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#tell = options.tell;
  }

  add(cause: DropCause, event: Dropped): void {
    const dropped = summaryOf(cause, event);
    // When an `events_dropped` is dropped, its events are told again. They have been counted before.
    if (event.type !== "events_dropped") this.#events.emit("dropped", dropped);
    if (this.#closed) return;
    this.#untold.set(dropped.cause, sumOf(this.#untold.get(dropped.cause), dropped));
    // Never in this moment: the event for which room was made has its sequence already, and goes first.
    const waitMs = Math.max(0, this.#toldAt + TELL_EVERY_MS - this.#clock.mono());
    this.#timer ??= this.#clock.after(waitMs, () => this.#tellAll());
  }

  /** Tells what has not been told. What is dropped later is not told. */
  close(): void {
    this.#closed = true;
    this.#tellAll();
  }

  #tellAll(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#untold.size === 0) return;
    const all = [...this.#untold.values()];
    this.#untold.clear();
    this.#toldAt = this.#clock.mono();
    for (const dropped of all) {
      this.#events.emit("drops_told", dropped);
      this.#tell({ type: "events_dropped", roomId: null, userId: null, sessionId: null, epoch: null, ...dropped });
    }
  }
}

function summaryOf(cause: DropCause, event: Dropped): DroppedEvents {
  const { type, at, count = 1, firstAt = at, lastAt = at } = event;
  if (type !== "events_dropped") return { cause, count: 1, firstAt: at, lastAt: at };
  return { cause: DROP_CAUSES.find((known) => known === event.cause) ?? cause, count, firstAt, lastAt };
}

export function sumOf(one: DroppedEvents | undefined, other: DroppedEvents): DroppedEvents {
  if (!one) return other;
  return {
    cause: other.cause,
    count: one.count + other.count,
    firstAt: Math.min(one.firstAt, other.firstAt),
    lastAt: Math.max(one.lastAt, other.lastAt),
  };
}
