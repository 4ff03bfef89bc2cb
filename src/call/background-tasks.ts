import { LastseenError } from "@lastseen/protocol";
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { LifecycleEvents } from "../session/events.js";

/** After this time the service tries again what it could not tell or ask the store. */
const RETRY_MS = 2_000;

/**
 * Work with the store, by who waits for it:
 *
 *     ask        a client waits for the answer; a failure becomes an error reply
 *     run        nobody waits; a failure is reported
 *     tellLater  the store could not be told: the service tries until it can
 *     askLater   the store could not be asked: the service asks when the store answers again
 */
export class BackgroundTasks {
  readonly #clock: Clock;
  readonly #events: Emitter<LifecycleEvents>;
  /** A new set whenever the last task has ended, for the reason that `KeyedQueue` gives. */
  #running = new Set<Promise<unknown>>();
  /** By call, in the order in which they came. */
  readonly #toTell = new Map<string, (() => Promise<void>)[]>();
  /** By what the question is about. */
  readonly #toAsk = new Map<string, () => Promise<void>>();
  #retryTimer: Timer | undefined;
  #retrying: Promise<void> | undefined;
  #closed = false;
  /** Questions that have failed since the store last answered. */
  #failures = 0;

  constructor(parts: { clock: Clock; events: Emitter<LifecycleEvents> }) {
    this.#clock = parts.clock;
    this.#events = parts.events;
  }

  /**
   * Asks the store for a client that waits for the answer.
   *
   * @param inDoubt called when the store may have done the step or not
   * @throws LastseenError `overloaded` when the store did not answer
   */
  async ask<T>(question: () => Promise<T>, inDoubt: () => void = () => undefined): Promise<T> {
    try {
      const answer = await question();
      this.answered();
      return answer;
    } catch (error) {
      this.failed("ask", error);
      inDoubt();
      throw storeUnreachable(error);
    }
  }

  /** Takes over work that nobody waits for. */
  run(work: Promise<unknown>): void {
    const ended = (): void => {
      if (this.#running.size === 1) this.#running = new Set();
      else this.#running.delete(done);
    };
    const done: Promise<void> = work.then(ended, (error: unknown) => {
      ended();
      this.failed("work", error);
    });
    this.#running.add(done);
  }

  /**
   * Tells the store about a call as soon as it can be reached, after everything that it had to be told about that call before.
   * Closing makes one last attempt.
   */
  tellLater(callId: string, tell: () => Promise<void>): void {
    const tells = this.#toTell.get(callId);
    if (tells) tells.push(tell);
    else this.#toTell.set(callId, [tell]);
    this.#retryLater();
  }

  /**
   * Asks the store as soon as it can be reached, after everything that it has to be told.
   *
   * @param about the id of a call or a session, or the like; one question about it waits, the latest
   */
  askLater(about: string, ask: () => Promise<void>): void {
    this.#toAsk.set(about, ask);
    this.#retryLater();
  }

  /** The store has answered. Reports the end of a failure. */
  answered(): void {
    if (this.#failures === 0) return;
    this.#events.emit("call_store_recovered", { failures: this.#failures });
    this.#failures = 0;
  }

  failed(operation: string, error: unknown): void {
    this.#failures += 1;
    this.#events.emit("call_store_failed", { operation, error });
  }

  /** Resolves when all work has ended. What could only be asked later is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retryTimer?.cancel();
    await this.#retrying;
    await this.#tellAll().catch(() => undefined);
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Retries one after the other, as long as there is something to tell or to ask. */
  #retryLater(): void {
    if (this.#closed || this.#retryTimer || this.#retrying) return;
    this.#retryTimer = this.#clock.after(RETRY_MS, () => {
      this.#retryTimer = undefined;
      this.#retrying = this.#retry().finally(() => {
        this.#retrying = undefined;
        if (this.#toTell.size + this.#toAsk.size > 0) this.#retryLater();
      });
    });
  }

  async #retry(): Promise<void> {
    try {
      await this.#tellAll();
    } catch (error) {
      this.failed("finish", error);
      return;
    }
    for (const [about, ask] of this.#toAsk) {
      this.#toAsk.delete(about);
      this.run(ask());
    }
  }

  async #tellAll(): Promise<void> {
    for (const [callId, tells] of this.#toTell) {
      // While the store is told, something newer may come that it must be told about the same call.
      for (let tell = tells[0]; tell; tell = tells[0]) {
        await tell();
        tells.shift();
      }
      this.#toTell.delete(callId);
    }
  }
}

export function storeUnreachable(cause?: unknown): LastseenError {
  return new LastseenError("overloaded", "Calls can't be made at this moment; try again.", { cause });
}
