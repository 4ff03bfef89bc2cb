import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { eventIdOf, type EventLog } from "../ports/event-log.js";
import { backOff } from "../kernel/back-off.js";
import type { Deliverer } from "./deliverer.js";
import type { Dropped } from "./drops.js";
import type { DropCause, WebhookEvents } from "./events.js";
import { RHYTHM } from "./rhythm.js";

/**
 * Takes over the undelivered events of others: of the process before this one under the same name, and of dead nodes. While it
 * asks the log for them, the deliverer sends nothing, so that no event of this node overtakes an older one.
 */
export class DeliveryTakeover {
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #deliverer: Deliverer;
  readonly #events: Emitter<WebhookEvents>;
  readonly #random: () => number;
  readonly #dropped: (cause: DropCause, event: Dropped) => void;
  readonly #dead = new Set<string>();
  #asking = false;
  #again = false;
  #retry: Timer | undefined;
  #failures = 0;
  /** Until the log has answered for the first time nothing is sent, because the events of the process before come first. */
  #hasAsked = false;
  #closed = false;

  constructor(options: {
    clock: Clock;
    log: EventLog;
    deliverer: Deliverer;
    events: Emitter<WebhookEvents>;
    /** From 0 to 1. */
    random: () => number;
    /** Told each event that the log does not keep any more. */
    dropped: (cause: DropCause, event: Dropped) => void;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#deliverer = options.deliverer;
    this.#events = options.events;
    this.#random = options.random;
    this.#dropped = options.dropped;
  }

  /** @param dead nodes that have been dead for long enough */
  ask(dead: readonly string[]): void {
    if (this.#closed) return;
    for (const nodeId of dead) this.#dead.add(nodeId);
    this.#again = true;
    this.#retry?.cancel();
    this.#deliverer.hold();
    if (!this.#asking) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  async #run(): Promise<void> {
    this.#asking = true;
    while (this.#again && !this.#closed) {
      this.#again = false;
      const dead = [...this.#dead];
      // A node that could not be taken over now may be back before the next attempt.
      this.#dead.clear();
      try {
        await this.#takeOver(dead);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#asking = false;
    if (this.#hasAsked) this.#deliverer.goOn();
  }

  async #takeOver(dead: readonly string[]): Promise<void> {
    const { events, forgotten, taken } = await this.#log.takeOver(dead);
    this.#hasAsked = true;
    this.#failures = 0;
    if (this.#closed) return;
    this.#deliverer.forget(taken);
    this.#deliverer.takeOver(events);
    if (taken.length > 0) this.#events.emit("taken_by_other", { events: taken.length });
    // An event's id begins with the time at which it was logged, soon after it happened.
    for (const id of forgotten) this.#dropped("not_kept", { at: eventIdOf(id).time });
    if (events.length + forgotten.length === 0) return;
    this.#events.emit("taken_over", { events: events.length, forgotten: forgotten.length });
  }

  #fail(error: unknown): void {
    if (this.#failures === 0) this.#events.emit("takeover_failed", { error });
    this.#failures += 1;
    this.#retry?.cancel();
    if (this.#closed) return;
    this.#retry = this.#clock.after(backOff(this.#failures, RHYTHM, this.#random()), () => this.ask([]));
  }
}
