import type { Clock, Timer } from "../kernel/clock.js";
import type { EventLog } from "../ports/event-log.js";
import { backOff } from "../kernel/back-off.js";
import { RHYTHM } from "./rhythm.js";

/** What was delivered so long before a crash may be delivered once more. */
const WITHIN_MS = 1_000;
/** Ids that the log is told at once; so many don't wait for the time. */
const BATCH = 200;
/** Attempts are 8 s apart at the most: once the log is back, there is soon more to note. */
const NOTING = { ...RHYTHM, mostMs: 8_000 };

/**
 * Notes in the log, some at a time, what nobody has to deliver any more. What can't be noted yet is never more than what
 * may wait for delivery: while the log is away nothing new comes from it.
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

  /** Notes the rest; resolves after one attempt. */
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
      this.#wait(this.#failures > 0 ? backOff(this.#failures, NOTING, this.#random()) : WITHIN_MS);
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
      // The store counts its errors; here it only matters that it is done some time.
      this.#failures += 1;
    }
  }
}
