/**
 * Brings events to the backend, again and again until it takes them.
 *
 * Two things can be wrong. The backend is away, slow or overloaded: then everything waits, and one attempt at a time finds
 * out when it is back. Or it refuses one event: then only that event's partition waits.
 */
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { BackendEvent } from "@lastseen/protocol";
import { backOff } from "../kernel/back-off.js";
import type { WebhookEvents } from "./events.js";
import type { Attempt, Send } from "./http-sender.js";
import { DeliveryQueue, type Waiting } from "./queue.js";
import { RHYTHM } from "./rhythm.js";

/** Attempts at the same time. */
const PARALLEL = 8;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

export interface DelivererOptions {
  clock: Clock;
  send: Send;
  events: Emitter<WebhookEvents>;
  /** Told the id of each event with which nothing is to be done any more: it was delivered, or is given up. */
  settled: (id: string) => void;
  /** From 0 to 1. */
  random: () => number;
  /** Events that may wait. */
  most: number;
  /** An event that nobody took for so long is given up. */
  giveUpMs: number;
}

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #queue: DeliveryQueue;
  readonly #pauses = new Map<Waiting, Timer>();
  readonly #abort = new AbortController();
  /** Failures in a row, of whatever event. */
  #failures = 0;
  /** While it is set, nothing is sent. */
  #pause: Timer | undefined;
  /** While it is set, nothing is sent either. */
  #held = false;
  #overflowing = false;
  #closing = false;
  #emptied: () => void = () => {};

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#queue = new DeliveryQueue(options.most);
  }

  /** Events that have not arrived yet. */
  get size(): number {
    return this.#queue.size;
  }

  add(event: BackendEvent): void {
    const dropped = this.#queue.add(event, this.#options.clock.mono());
    if (dropped) this.#overflow(dropped);
    this.#go();
  }

  /** Adds what another process should have delivered, in the order of the log. It is as old as it was there. */
  takeOver(events: readonly BackendEvent[]): void {
    const { clock } = this.#options;
    const [now, wall] = [clock.mono(), clock.wall()];
    const dropped = this.#queue.insert(events.map((event) => ({ event, since: now - Math.max(0, wall - event.at) })));
    for (const each of dropped) this.#overflow(each);
    this.#go();
  }

  /** Leaves to another process what it has to deliver. */
  forget(ids: readonly string[]): void {
    this.#queue.remove(new Set(ids));
  }

  /** Nothing more is sent until it goes on; what is under way ends. */
  hold(): void {
    this.#held = !this.#closing;
  }

  goOn(): void {
    this.#held = false;
    this.#go();
  }

  /** One more attempt at everything, for so long; whatever has not arrived then is left. Nothing is sent after it. */
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

  /** Sends what may be sent now. */
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
    // What was cut off at the end is neither this nor that.
    if (this.#abort.signal.aborted && attempt.kind !== "delivered") return;
    this.#options.events.emit("settled", { result: attempt.kind });
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
    this.#options.settled(waiting.event.id);
  }

  #missed(waiting: Waiting, attempt: Exclude<Attempt, { kind: "delivered" }>): void {
    const { clock, events, giveUpMs, random } = this.#options;
    if (attempt.kind === "failed") this.#wait(attempt);
    else if (waiting.attempts === 1) events.emit("refused", { event: waiting.event, why: attempt.why });
    if (clock.mono() - waiting.since >= giveUpMs) {
      this.#done(waiting);
      events.emit("settled", { result: "dropped" });
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

  /** The backend is in trouble: everything waits. */
  #wait({ why, retryAfterMs = 0 }: { why: string; retryAfterMs?: number }): void {
    const { clock, events, random } = this.#options;
    // Of attempts that were under way at the same time the first tells enough.
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

  /** The oldest one has made room; it stays in the log. */
  #overflow({ event }: Waiting): void {
    const { events, settled } = this.#options;
    settled(event.id);
    events.emit("settled", { result: "dropped" });
    if (!this.#overflowing) events.emit("overflowing", { waiting: this.#queue.size, logged: true });
    this.#overflowing = true;
  }
}
