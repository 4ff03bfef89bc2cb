import type { Clock, Timer } from "../kernel/clock.js";
import type { EventLog } from "../ports/event-log.js";
import { backOff } from "../kernel/back-off.js";
import { RHYTHM } from "./rhythm.js";

/** Acknowledgements wait so long. What was delivered within this time before a crash may be delivered again. */
const WITHIN_MS = 1_000;
/** The log takes so many ids at once. With so many ids the acknowledgement does not wait. */
const BATCH = 200;
/** Pauses after failures are 8 s at most, because more ids come soon after the log is back. */
const LOG_RHYTHM = { ...RHYTHM, mostMs: 8_000 };

/**
 * Tells the log in batches which events nobody has to deliver any more. The ids that wait are never more than the events that
 * may wait for delivery, because no new event comes from the log while it is away.
 */
export class Acknowledgement {
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #random: () => number;
  readonly #ids: string[] = [];
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #closing = false;

  /** @param options.random from 0 to 1 */
  constructor(options: { clock: Clock; log: EventLog; random: () => number }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#random = options.random;
  }

  add(id: string): void {
    this.#ids.push(id);
    if (this.#failures === 0 && this.#ids.length >= BATCH) void this.#begin();
    else this.#wait(WITHIN_MS);
  }

  /** Acknowledges the rest. Resolves after one attempt. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
    await this.#begin();
  }

  #begin(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running ??= this.#acknowledge().finally(() => {
      this.#running = undefined;
      if (this.#ids.length === 0) return;
      this.#wait(this.#failures > 0 ? backOff(this.#failures, LOG_RHYTHM, this.#random()) : WITHIN_MS);
    });
    return this.#running;
  }

  #wait(ms: number): void {
    if (this.#running || this.#closing) return;
    this.#timer ??= this.#clock.after(ms, () => void this.#begin());
  }

  async #acknowledge(): Promise<void> {
    try {
      do {
        const batch = this.#ids.slice(0, BATCH);
        await this.#log.acknowledge(batch);
        this.#ids.splice(0, batch.length);
        this.#failures = 0;
      } while (this.#ids.length >= BATCH || (this.#closing && this.#ids.length > 0));
    } catch {
      // The store counts its errors. Here it only matters that a later attempt succeeds.
      this.#failures += 1;
    }
  }
}
