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
import { BatchSize } from "./batch-size.js";
import type { DropCause, WebhookEvents } from "./events.js";
import type { Attempt, Send } from "./http-sender.js";
import { DeliveryQueue, type Batch, type Waiting } from "./queue.js";
import { RHYTHM } from "./rhythm.js";

const LONGEST_RETRY_AFTER_MS = 3_600_000;

export interface DelivererOptions {
  clock: Clock;
  send: Send;
  events: Emitter<WebhookEvents>;
  /** Told the id of each event that is done: the backend has taken it, or it was dropped. */
  acknowledge: (id: string) => void;
  /** Told each event that is dropped. */
  dropped: (cause: DropCause, event: BackendEvent) => void;
  /** From 0 to 1. */
  random: () => number;
  limits: DeliveryLimits;
  /** An event is dropped when the backend has not taken it for so long, milliseconds. */
  giveUpMs: number;
}

export interface DeliveryLimits {
  /** The most events that may wait. */
  readonly waiting: number;
  /** The most events in one request. */
  readonly batch: number;
  /** The most requests at the same time. */
  readonly parallel: number;
}

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #queue: DeliveryQueue;
  readonly #batchSize: BatchSize;
  readonly #pauses = new Map<Batch, Timer>();
  readonly #abort = new AbortController();
  /** Requests that have no answer yet. */
  #requests = 0;
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
    this.#queue = new DeliveryQueue(options.limits.waiting);
    this.#batchSize = new BatchSize(options.limits.batch);
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
    for (const batch of this.#pauses.keys()) this.#resume(batch);
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
    const parallel = this.#failures > 0 && !this.#closing ? 1 : this.#options.limits.parallel;
    while (this.#requests < parallel) {
      const next = this.#queue.take(this.#batchSize.now);
      if (!next) break;
      void this.#attempt(next);
    }
    if (this.#closing && this.#requests === 0) this.#emptied();
  }

  async #attempt(batch: Batch): Promise<void> {
    this.#requests += 1;
    const { send, events } = this.#options;
    const sent = batch.map(({ event }) => event);
    const attempt = await send(sent, this.#abort.signal);
    this.#requests -= 1;
    // An attempt that the end has cut off is neither a success nor a failure.
    if (this.#abort.signal.aborted && attempt.kind !== "delivered") return;
    events.emit("outcome", { result: attempt.kind, count: batch.length });
    if (attempt.kind === "delivered") this.#delivered(batch);
    else this.#missed(batch, attempt);
    this.#go();
  }

  #delivered(batch: Batch): void {
    this.#done(batch);
    this.#queue.release(batch);
    this.#batchSize.delivered();
    if (this.#overflowing && this.#queue.size < this.#options.limits.waiting / 2) this.#overflowing = false;
    if (this.#failures > 0) this.#options.events.emit("recovered", { failures: this.#failures });
    this.#failures = 0;
  }

  #done(events: Batch): void {
    this.#queue.done(events);
    for (const { event } of events) this.#options.acknowledge(event.id);
  }

  /**
   * One event can be the reason why the backend does not take the others of its batch. So each event of the batch goes with
   * fewer others next time, until the one is alone.
   */
  #missed(batch: Batch, attempt: Exclude<Attempt, { kind: "delivered" }>): void {
    for (const waiting of batch) waiting.together = Math.min(waiting.together, Math.ceil(batch.length / 2));
    if (attempt.kind === "failed") {
      this.#batchSize.failed(batch.length);
      this.#wait(attempt);
    } else if (batch.length > 1) {
      this.#queue.putBack(batch);
      if (!this.#closing) this.#queue.release(batch);
      return;
    }
    this.#tryAgainLater(batch, attempt);
  }

  #tryAgainLater(batch: Batch, { kind, why }: { kind: "failed" | "refused"; why: string }): void {
    const { clock, events, giveUpMs, random } = this.#options;
    const now = clock.mono();
    for (const waiting of batch) {
      waiting.attempts += 1;
      if (kind === "failed" || waiting.isRefused) continue;
      waiting.isRefused = true;
      events.emit("refused", { event: waiting.event, why });
    }
    const isOld = ({ since }: Waiting): boolean => now - since >= giveUpMs;
    this.#giveUp(batch.filter(isOld));
    this.#queue.putBack(batch.filter((waiting) => !isOld(waiting)));
    if (this.#closing) return;
    // Only an event that was alone is known to be the reason, so only its pauses grow.
    const [only, ...others] = batch;
    const attempts = only && others.length === 0 ? only.attempts : 1;
    const pauseMs = backOff(attempts, RHYTHM, random());
    this.#pauses.set(
      batch,
      clock.after(pauseMs, () => this.#resume(batch)),
    );
  }

  #giveUp(old: Batch): void {
    this.#done(old);
    for (const { event, attempts } of old) {
      this.#options.events.emit("given_up", { event, attempts });
      this.#options.dropped("given_up", event);
    }
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

  #resume(batch: Batch): void {
    this.#pauses.get(batch)?.cancel();
    this.#pauses.delete(batch);
    this.#queue.release(batch);
    this.#go();
  }

  /** The oldest event was dropped to make room. It stays in the log. */
  #overflow({ event }: Waiting): void {
    const { events, acknowledge, dropped } = this.#options;
    acknowledge(event.id);
    dropped("queue_full", event);
    if (!this.#overflowing) events.emit("overflowing", { waiting: this.#queue.size, logged: true });
    this.#overflowing = true;
  }
}
