import type { Emitter } from "../kernel/emitter.js";
import { LastseenError } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";

/** NodeRpc to the store, and work that nobody waits for: here it is told what failed, and closing waits for the rest. */
export class BackgroundTasks {
  readonly #events: Emitter<LifecycleEvents>;
  /** A new set whenever nothing is left, as in `KeyedQueue`. */
  #underWay = new Set<Promise<unknown>>();
  /** NodeRpc that have failed since the store last answered. */
  #failures = 0;

  constructor(events: Emitter<LifecycleEvents>) {
    this.#events = events;
  }

  /**
   * Asks the store for somebody who waits for the answer.
   *
   * @param doubtful called when it is not known whether the store has done it
   * @throws LastseenError `overloaded`
   */
  async ask<T>(question: () => Promise<T>, doubtful: () => void = () => undefined): Promise<T> {
    try {
      const answer = await question();
      this.answered();
      return answer;
    } catch (error) {
      this.failed("ask", error);
      doubtful();
      throw unreachable(error);
    }
  }

  /** Takes over what nobody waits for. */
  run(work: Promise<unknown>): void {
    const done = work
      .catch((error: unknown) => this.failed("work", error))
      .finally(() => {
        if (this.#underWay.size === 1) this.#underWay = new Set();
        else this.#underWay.delete(done);
      });
    this.#underWay.add(done);
  }

  /** The store has answered: whatever was wrong is over. */
  answered(): void {
    if (this.#failures === 0) return;
    this.#events.emit("call_store_recovered", { failures: this.#failures });
    this.#failures = 0;
  }

  failed(operation: string, error: unknown): void {
    this.#failures += 1;
    this.#events.emit("call_store_failed", { operation, error });
  }

  /** Resolves when everything that was begun is done. */
  async close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}

export function gone(): LastseenError {
  return new LastseenError("call_gone", "This call is over, or somebody else has answered it.");
}

export function unreachable(cause?: unknown): LastseenError {
  return new LastseenError("overloaded", "Calls can't be made at this moment; try again.", { cause });
}
