import type { Timer } from "../kernel/clock.js";
import type { CallRecord } from "../ports/call-store.js";

/** Calls that concern nobody here any more and are remembered, so that older news of them is not believed. */
const MOST_PAST = 1_000;

interface Entry {
  call: CallRecord;
  /** Monotonic milliseconds at which `call` was true. */
  asOf: number;
  ringEnds: Timer | undefined;
}

/**
 * What this node knows of the calls of its own sessions: a copy of what the store has decided. Knows which of two pieces
 * of news is the later one: ringing comes before active, and active before over.
 */
export class CallBook {
  readonly #calls = new Map<string, Entry>();
  /** One call as a rule; two for a moment, when the end of the first is heard after the beginning of the second. */
  readonly #byUser = new Map<string, Set<string>>();
  /** `answered`: it does not ring any more, but goes on elsewhere. */
  readonly #past = new Map<string, "answered" | "over">();

  get size(): number {
    return this.#calls.size;
  }

  all(): CallRecord[] {
    return Array.from(this.#calls.values(), ({ call }) => call);
  }

  isOver(callId: string): boolean {
    return this.#past.get(callId) === "over";
  }

  find(callId: string): CallRecord | undefined {
    return this.#calls.get(callId)?.call;
  }

  /** The calls that name this user, as this node believes; the latest first. */
  ofUser(userId: string): CallRecord[] {
    const calls = Array.from(this.#byUser.get(userId) ?? [], (callId) => this.find(callId));
    return calls.filter((call) => call !== undefined).toReversed();
  }

  /** The call with its durations as of now. */
  asOf(callId: string, now: number): CallRecord | undefined {
    const entry = this.#calls.get(callId);
    if (!entry) return undefined;
    const passed = now - entry.asOf;
    const { ageMs, remainingMs } = entry.call;
    return { ...entry.call, ageMs: ageMs + passed, remainingMs: Math.max(0, remainingMs - passed) };
  }

  /**
   * Writes the call down unless something later is known.
   *
   * @param armRing starts the timer of a ring that is new here
   * @returns whether this was news
   */
  put(call: CallRecord, now: number, armRing: (call: CallRecord) => Timer): boolean {
    const { callId, state } = call;
    const before = this.#calls.get(callId);
    const past = this.#past.get(callId);
    if (past === "over" || (past === "answered" && state === "ringing")) return false;
    if (before?.call.state === "active" || before?.call.state === state) return false;
    before?.ringEnds?.cancel();
    const ringEnds = state === "ringing" ? armRing(call) : undefined;
    this.#calls.set(callId, { call, asOf: now, ringEnds });
    for (const { userId } of [call.caller, call.callee]) {
      const calls = this.#byUser.get(userId);
      if (calls) calls.add(callId);
      else this.#byUser.set(userId, new Set([callId]));
    }
    return true;
  }

  /** The call concerns nobody here any more; it may go on elsewhere. */
  drop(callId: string): void {
    const entry = this.#calls.get(callId);
    if (!entry) return;
    entry.ringEnds?.cancel();
    this.#calls.delete(callId);
    for (const { userId } of [entry.call.caller, entry.call.callee]) {
      const calls = this.#byUser.get(userId);
      calls?.delete(callId);
      if (calls?.size === 0) this.#byUser.delete(userId);
    }
  }

  /** The call is over, whatever else may still be heard of it. */
  close(callId: string): void {
    this.#pass(callId, "over");
  }

  /** The call was answered somewhere else: it does not ring here, whatever older news may say. */
  leave(callId: string): void {
    this.#pass(callId, "answered");
  }

  /** Cancels every timer. */
  clear(): void {
    for (const callId of Array.from(this.#calls.keys())) this.drop(callId);
  }

  #pass(callId: string, how: "answered" | "over"): void {
    this.drop(callId);
    this.#past.set(callId, how);
    const [oldest] = this.#past.keys();
    if (this.#past.size > MOST_PAST && oldest !== undefined) this.#past.delete(oldest);
  }
}
