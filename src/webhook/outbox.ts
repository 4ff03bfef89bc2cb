import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
import type { EventLog } from "../ports/event-log.js";
import { backOff } from "../kernel/back-off.js";
import { Fifo } from "../kernel/fifo.js";
import type { DropCause, WebhookEvents } from "./events.js";
import { RHYTHM } from "./rhythm.js";

/** The log gets at most so many events at once. */
const BATCH = 200;

/** Takes events at once, and writes them to the log one batch after the other. The log gives them their ids. */
export class Outbox {
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #events: Emitter<WebhookEvents>;
  readonly #random: () => number;
  readonly #most: number;
  readonly #deliver: (event: BackendEvent) => void;
  readonly #dropped: (cause: DropCause, event: NewBackendEvent) => void;
  readonly #waiting = new Fifo<NewBackendEvent>();
  #batch: readonly NewBackendEvent[] = [];
  #failures = 0;
  #pause: { timer: Timer; end: () => void } | undefined;
  #running: Promise<void> | undefined;
  #overflowing = false;
  #closing = false;
  /** An attempt has failed since {@link close} was called. */
  #gaveUp = false;
  /** Events that were added; and those of them that are in the log or were dropped. */
  #added = 0;
  #done = 0;
  /** Who waits until so many events are done, oldest first. */
  #waiters: { until: number; resolve: () => void }[] = [];

  constructor(options: {
    clock: Clock;
    log: EventLog;
    events: Emitter<WebhookEvents>;
    /** From 0 to 1. */
    random: () => number;
    /** The most events that may wait while the log does not answer. */
    most: number;
    /** Gets each event when it is in the log. */
    deliver: (event: BackendEvent) => void;
    /** Told each event that is dropped. */
    dropped: (cause: DropCause, event: NewBackendEvent) => void;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#events = options.events;
    this.#random = options.random;
    this.#most = options.most;
    this.#deliver = options.deliver;
    this.#dropped = options.dropped;
  }

  /** The number of events that are not in the log yet. */
  get size(): number {
    return this.#waiting.size + this.#batch.length;
  }

  add(event: NewBackendEvent): void {
    if (this.#waiting.size >= this.#most) this.#dropOldest();
    this.#waiting.push(event);
    this.#added += 1;
    this.#running ??= this.#run();
  }

  /** Resolves when all events that were added before are in the log, or when the log does not answer. */
  written(): Promise<void> {
    if (this.size === 0 || this.#failures > 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ until: this.#added, resolve }));
  }

  /** Ends the pause and tries again: the log answers. */
  retry(): void {
    this.#pause?.end();
  }

  /** Resolves when all events are in the log, or after one more attempt. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#pause?.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.size > 0) {
      if (this.#gaveUp) break;
      if (this.#batch.length === 0) this.#batch = this.#waiting.take(BATCH);
      try {
        const appended = await this.#log.append(this.#batch);
        this.#done += this.#batch.length;
        this.#batch = [];
        this.#succeeded();
        for (const event of appended) this.#deliver(event);
      } catch (error) {
        if (this.#failures === 0) this.#events.emit("log_failing", { error });
        this.#failures += 1;
        this.#release(Infinity);
        if (this.#closing) this.#gaveUp = true;
        else await this.#wait();
      }
    }
    this.#running = undefined;
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#events.emit("log_recovered", { waiting: this.#waiting.size });
    this.#failures = 0;
    this.#release(this.#done);
    if (this.#waiting.size < this.#most / 2) this.#overflowing = false;
  }

  #release(done: number): void {
    const first = this.#waiters.findIndex(({ until }) => until > done);
    for (const { resolve } of this.#waiters.splice(0, first === -1 ? Infinity : first)) resolve();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#pause?.timer.cancel();
        this.#pause = undefined;
        resolve();
      };
      this.#pause = { timer: this.#clock.after(backOff(this.#failures, RHYTHM, this.#random()), end), end };
    });
  }

  #dropOldest(): void {
    const oldest = this.#waiting.shift();
    if (oldest) this.#dropped("log_away", oldest);
    this.#done += 1;
    if (!this.#overflowing) this.#events.emit("overflowing", { waiting: this.#most, logged: false });
    this.#overflowing = true;
  }
}
