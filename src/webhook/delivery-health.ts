import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { sumOf } from "./drops.js";
import type { DropCause, DroppedEvents, WebhookEvents } from "./events.js";

/** For so long after the last dropped event, health is not ok. */
const DROPPING_MS = 60_000;
/** For so long after the last dropped event of a cause, health names what was dropped. */
const NAMED_MS = 3_600_000;

/** What health tells about the way to the backend. */
export class DeliveryHealth {
  readonly #clock: Clock;
  readonly #dropped = new Map<DropCause, { all: DroppedEvents; latest: number }>();
  #failing: string | undefined;

  constructor(clock: Clock, events: Emitter<WebhookEvents>) {
    this.#clock = clock;
    events.on("failing", ({ why }) => (this.#failing = why));
    events.on("recovered", () => (this.#failing = undefined));
    events.on("dropped", (dropped) => this.#add(dropped));
  }

  /** Whether the backend took the last request that it could take, and no event was dropped in the last minute. */
  get isOk(): boolean {
    return this.#failing === undefined && this.#within(DROPPING_MS).length === 0;
  }

  /** Why the backend takes no events now; undefined while it does. */
  get failing(): string | undefined {
    return this.#failing;
  }

  /** What was dropped, by cause. A cause is left out when nothing was dropped for it for an hour. */
  get dropped(): readonly DroppedEvents[] {
    return this.#within(NAMED_MS).map(({ all }) => all);
  }

  #within(ms: number): { all: DroppedEvents }[] {
    const now = this.#clock.mono();
    return [...this.#dropped.values()].filter(({ latest }) => now - latest < ms);
  }

  #add(dropped: DroppedEvents): void {
    const now = this.#clock.mono();
    const before = this.#dropped.get(dropped.cause);
    const all = before && now - before.latest < NAMED_MS ? sumOf(before.all, dropped) : dropped;
    this.#dropped.set(dropped.cause, { all, latest: now });
  }
}
