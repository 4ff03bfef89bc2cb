import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { Loop } from "../kernel/loop.js";
import { CALL_HOLD_MS, type CallStore } from "../ports/call-store.js";
import type { LifecycleEvents } from "../session/events.js";
import type { BackgroundTasks } from "./background-tasks.js";
import type { CallUpdates } from "./call-updates.js";
import type { KnownCalls } from "./known-calls.js";

/** Three renewals in a row may fail before a lease runs out. */
const RENEW_EVERY_MS = CALL_HOLD_MS / 4;

/** Renews the leases of the active calls that have a session on this node: without a renewal the store ends a call. */
export class CallLeaseRenewer {
  readonly #clock: Clock;
  readonly #store: CallStore;
  readonly #known: KnownCalls;
  readonly #updates: CallUpdates;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #loop: Loop;
  /** When the leases were last renewed, monotonic milliseconds. */
  #renewedAt: number;

  constructor(parts: {
    clock: Clock;
    store: CallStore;
    known: KnownCalls;
    updates: CallUpdates;
    tasks: BackgroundTasks;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#clock = parts.clock;
    this.#store = parts.store;
    this.#known = parts.known;
    this.#updates = parts.updates;
    this.#events = parts.events;
    this.#renewedAt = this.#clock.mono();
    this.#loop = new Loop({
      clock: this.#clock,
      intervalMs: RENEW_EVERY_MS,
      task: () => this.renew(),
      onError: (error) => parts.tasks.failed("hold", error),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Renews the leases now, and reports the calls that the store says are over. Rejects when the store does not answer. */
  async renew(): Promise<void> {
    this.#known.tidy();
    const calls = this.#known.held();
    const over = calls.length > 0 ? await this.#store.hold(calls) : [];
    const now = this.#clock.mono();
    const isLate = now - this.#renewedAt > 2 * RENEW_EVERY_MS;
    this.#renewedAt = now;
    for (const callId of over) this.#updates.publishFoundOver(callId);
    if (!isLate) return;
    // The store may have taken these calls for over, and their users for available, until now.
    for (const { caller, callee } of calls) {
      this.#events.emit("call_changed", { userIds: [caller.userId, callee.userId] });
    }
  }

  /** Resolves when a renewal under way has ended. */
  close(): Promise<void> {
    return this.#loop.close();
  }
}
