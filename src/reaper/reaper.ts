/**
 * Ends sessions and stays in rooms. Every departure (leave, goodbye, ghost, kick, closed room, shutdown) comes through here:
 * the reaper claims the session, runs each step, and tries the failed steps again. A cleanup that fails too often is stuck.
 *
 *     claimed -> steps -> clean
 *                  `-> 1 s -> 2 s -> 4 s -> stuck (tried again with every sweep)
 */
import { backOff, type BackOff } from "../kernel/back-off.js";
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { GhostCause, GivenUp, LeaveReason } from "@lastseen/protocol";
import type { CleanupResult, LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { Actor } from "../session/actor.js";
import type { Cleanup, CleanupStep } from "./cleanup.js";

/** After so many failed attempts a cleanup is stuck. */
const MOST_ATTEMPTS = 4;
/** Pauses between the attempts: 1, 2 and 4 s. */
const RETRY: BackOff = { firstMs: 1_000, mostMs: 4_000, jitter: 0 };

export interface Departure {
  reason: LeaveReason;
  /** The cause of the verdict, when the session is a ghost. */
  cause?: GhostCause;
  /** Set when another node goes on with the session. */
  givenUp?: GivenUp;
  /** Who asked for it, when an operator did. */
  by?: Actor | undefined;
}

export class Reaper {
  readonly #clock: Clock;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #steps: readonly CleanupStep[];
  readonly #waiting = new Map<Cleanup, Timer>();
  readonly #running = new Map<Cleanup, Promise<void>>();
  readonly #stuck = new Set<Cleanup>();
  /** Ids of the sessions that are ending and not clean yet. */
  readonly #ending = new Set<string>();
  #retries = 0;
  #closed = false;

  constructor(options: { clock: Clock; events: Emitter<LifecycleEvents>; steps: readonly CleanupStep[] }) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#steps = options.steps;
  }

  /** Cleanups that used up their attempts. */
  get stuck(): readonly Cleanup[] {
    return [...this.#stuck];
  }

  /** Cleanups under way or waiting for their next attempt. */
  get unfinished(): number {
    return this.#running.size + this.#waiting.size;
  }

  /** Sessions that are ending and not clean yet. Sessions that only left a room are not counted. */
  get endingSessions(): number {
    return this.#ending.size;
  }

  /** Whether the cleanup after this session is running, waits for its next attempt, or is stuck. */
  isEnding(sessionId: string): boolean {
    return this.#ending.has(sessionId);
  }

  /** How many attempts beyond the first there were so far, for all cleanups. */
  get retries(): number {
    return this.#retries;
  }

  /**
   * Takes the session out of its room. The session goes on.
   *
   * @returns `false` when it was in no room. The promise resolves after the first attempt and never rejects.
   */
  async leaveRoom(session: Session, departure: Departure): Promise<boolean> {
    if (session.status !== "open" || !session.participation) return false;
    await this.#begin(session, "room", departure);
    return true;
  }

  /**
   * Ends the session.
   *
   * @returns `false` when another call has already claimed it. The promise resolves after the first attempt and never rejects.
   */
  async end(session: Session, departure: Departure): Promise<boolean> {
    if (!session.claim()) return false;
    this.#ending.add(session.id);
    await this.#begin(session, "session", departure);
    return true;
  }

  /** Tries every stuck cleanup once more. */
  async retryStuck(): Promise<number> {
    const cleanups = [...this.#stuck];
    await Promise.all(cleanups.map((cleanup) => this.#retry(cleanup)));
    return cleanups.length;
  }

  /** Cancels the waiting retries. Resolves when the running attempts have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #begin(session: Session, scope: Cleanup["scope"], departure: Departure): Promise<void> {
    const participation = session.participation;
    session.participation = undefined;
    const cleanup: Cleanup = {
      session,
      participation,
      scope,
      reason: departure.reason,
      cause: departure.cause,
      givenUp: departure.givenUp,
      by: departure.by,
      startedAt: this.#clock.mono(),
      pending: this.#steps.filter((step) => scope === "session" || step.scope === "room"),
      attempts: 0,
      isUnseen: false,
    };
    return this.#attempt(cleanup);
  }

  #attempt(cleanup: Cleanup): Promise<void> {
    const attempt = this.#runSteps(cleanup).finally(() => this.#running.delete(cleanup));
    this.#running.set(cleanup, attempt);
    return attempt;
  }

  /** Starts all pending steps in order, in this turn of the event loop. Only the asynchronous part of a step takes longer. */
  async #runSteps(cleanup: Cleanup): Promise<void> {
    cleanup.attempts += 1;
    const outcomes = cleanup.pending.map(async (step) => {
      try {
        if ((await step.run(cleanup)) === "unseen") cleanup.isUnseen = true;
        return undefined;
      } catch (error) {
        const { session, attempts: attempt } = cleanup;
        this.#events.emit("cleanup_failed", { session, step: step.name, attempt, error });
        return step;
      }
    });
    const failed = (await Promise.all(outcomes)).filter((step) => step !== undefined);
    cleanup.pending = failed;
    this.#finishAttempt(cleanup);
  }

  #finishAttempt(cleanup: Cleanup): void {
    if (cleanup.pending.length === 0) {
      this.#stuck.delete(cleanup);
      if (cleanup.scope === "session") this.#ending.delete(cleanup.session.id);
      const done = cleanup.attempts === 1 ? "clean" : "retried";
      this.#report(cleanup, cleanup.isUnseen ? "unseen" : done);
      return;
    }
    if (cleanup.attempts < MOST_ATTEMPTS && !this.#closed) {
      const timer = this.#clock.after(backOff(cleanup.attempts, RETRY), () => void this.#retry(cleanup));
      this.#waiting.set(cleanup, timer);
    } else if (!this.#stuck.has(cleanup)) {
      this.#stuck.add(cleanup);
      this.#report(cleanup, "stuck");
    }
  }

  async #retry(cleanup: Cleanup): Promise<void> {
    this.#waiting.delete(cleanup);
    if (this.#running.has(cleanup)) return;
    this.#retries += 1;
    await this.#attempt(cleanup);
  }

  #report(cleanup: Cleanup, result: CleanupResult): void {
    const { session, reason, attempts, givenUp } = cleanup;
    const durationMs = this.#clock.mono() - cleanup.startedAt;
    this.#events.emit("cleaned", { session, reason, result, attempts, durationMs, givenUp });
  }
}
