/**
 * Posts events to the backend until it takes them.
 *
 * There are two kinds of failure. When the backend is away, slow or overloaded, all events wait, and one attempt at a time finds
 * out when it is back. When the backend refuses one event, only the partition of that event waits.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { BackendEvent } from "@lastseen/protocol";
import { backOff } from "../kernel/back-off.js";
import type { WebhookEvents } from "./events.js";
import type { Attempt, Send } from "./http-sender.js";
import { DeliveryQueue, type Waiting } from "./queue.js";
import { RHYTHM } from "./rhythm.js";

/** The most attempts at the same time. */
const PARALLEL = 8;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

export interface DelivererOptions {
  clock: Clock;
  send: Send;
  events: Emitter<WebhookEvents>;
  /** Told the id of each event that is done: the backend has taken it, or it was dropped. */
  acknowledge: (id: string) => void;
  /** From 0 to 1. */
  random: () => number;
  /** The most events that may wait. */
  most: number;
  /** An event is dropped when the backend has not taken it for so long, milliseconds. */
  giveUpMs: number;
}

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #queue: DeliveryQueue;
  readonly #pauses = new Map<Waiting, Timer>();
  readonly #abort = new AbortController();
  /** Failures in a row, of any events. */
  #failures = 0;
  /** While it is set, the deliverer sends nothing: the backend is in trouble. */
  #pause: Timer | undefined;
  /** While it is set, the deliverer sends nothing: somebody called {@link hold}. */
  #held = false;
  #overflowing = false;
  #closing = false;
  #emptied: () => void = () => {};

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#queue = new DeliveryQueue(options.most);
  }

  /** The number of events that the backend has not taken yet. */
  get size(): number {
    return this.#queue.size;
  }

  add(event: BackendEvent): void {
    const dropped = this.#queue.add(event, this.#options.clock.mono());
    if (dropped) this.#overflow(dropped);
    this.#go();
  }

  /** Adds events that another process did not deliver, in the order of the log. They keep their age. */
  takeOver(events: readonly BackendEvent[]): void {
    const { clock } = this.#options;
    const [now, wall] = [clock.mono(), clock.wall()];
    const dropped = this.#queue.insert(events.map((event) => ({ event, since: now - Math.max(0, wall - event.at) })));
    for (const each of dropped) this.#overflow(each);
    this.#go();
  }

  /** Drops events that another process delivers now. */
  forget(ids: readonly string[]): void {
    this.#queue.remove(new Set(ids));
  }

  /** Sends nothing more until {@link goOn}. Attempts that have begun end normally. */
  hold(): void {
    this.#held = !this.#closing;
  }

  goOn(): void {
    this.#held = false;
    this.#go();
  }

  /** Makes one more attempt at each event, for `limitMs` in total. The other events are left. Sends nothing after that. */
  async close(limitMs: number): Promise<void> {
    this.#closing = true;
    this.#held = false;
    this.#pause?.cancel();
    this.#pause = undefined;
    for (const waiting of this.#pauses.keys()) this.#resume(waiting);
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(limitMs, resolve);
      this.#emptied = () => {
        timer.cancel();
        resolve();
      };
      this.#go();
    });
    this.#abort.abort();
  }

  /** Sends the events that may go now. */
  #go(): void {
    if (this.#abort.signal.aborted || this.#pause || this.#held) return;
    const parallel = this.#failures > 0 && !this.#closing ? 1 : PARALLEL;
    while (this.#queue.underWay < parallel) {
      const next = this.#queue.take();
      if (!next) break;
      void this.#attempt(next);
    }
    if (this.#closing && this.#queue.underWay === 0) this.#emptied();
  }

  async #attempt(waiting: Waiting): Promise<void> {
    waiting.attempts += 1;
    const attempt = await this.#options.send(waiting.event, this.#abort.signal);
    // An attempt that the end has cut off is neither a success nor a failure.
    if (this.#abort.signal.aborted && attempt.kind !== "delivered") return;
    this.#options.events.emit("outcome", { result: attempt.kind });
    if (attempt.kind === "delivered") this.#delivered(waiting);
    else this.#missed(waiting, attempt);
    this.#go();
  }

  #delivered(waiting: Waiting): void {
    this.#done(waiting);
    if (this.#overflowing && this.#queue.size < this.#options.most / 2) this.#overflowing = false;
    if (this.#failures > 0) this.#options.events.emit("recovered", { failures: this.#failures });
    this.#failures = 0;
  }

  #done(waiting: Waiting): void {
    this.#queue.done(waiting);
    this.#options.acknowledge(waiting.event.id);
  }

  #missed(waiting: Waiting, attempt: Exclude<Attempt, { kind: "delivered" }>): void {
    const { clock, events, giveUpMs, random } = this.#options;
    if (attempt.kind === "failed") this.#wait(attempt);
    else if (waiting.attempts === 1) events.emit("refused", { event: waiting.event, why: attempt.why });
    if (clock.mono() - waiting.since >= giveUpMs) {
      this.#done(waiting);
      events.emit("outcome", { result: "dropped" });
      events.emit("dropped", { event: waiting.event, attempts: waiting.attempts });
      return;
    }
    this.#queue.putBack(waiting);
    if (this.#closing) return;
    const pauseMs = backOff(waiting.attempts, RHYTHM, random());
    this.#pauses.set(
      waiting,
      clock.after(pauseMs, () => this.#resume(waiting)),
    );
  }

  /** The backend is in trouble, so all events wait. */
  #wait({ why, retryAfterMs = 0 }: { why: string; retryAfterMs?: number }): void {
    const { clock, events, random } = this.#options;
    // Several attempts may fail at the same time. The first one is enough.
    if (this.#pause) return;
    if (this.#failures === 0) events.emit("failing", { why });
    this.#failures += 1;
    if (this.#closing) return;
    const asked = Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
    this.#pause = clock.after(Math.max(asked, backOff(this.#failures, RHYTHM, random())), () => {
      this.#pause = undefined;
      this.#go();
    });
  }

  #resume(waiting: Waiting): void {
    this.#pauses.get(waiting)?.cancel();
    this.#pauses.delete(waiting);
    this.#queue.release(waiting);
    this.#go();
  }

  /** The oldest event was dropped to make room. It stays in the log. */
  #overflow({ event }: Waiting): void {
    const { events, acknowledge } = this.#options;
    acknowledge(event.id);
    events.emit("outcome", { result: "dropped" });
    if (!this.#overflowing) events.emit("overflowing", { waiting: this.#queue.size, logged: true });
    this.#overflowing = true;
  }
}
