import type { Clock } from "../kernel/clock.js";
import { WindowLimit } from "../kernel/window-limit.js";
import {
  CALL_HOLD_MS,
  endsCall,
  RING_WINDOW_MS,
  type CallGone,
  type CallLimits,
  type CallParty,
  type CallRecord,
  type CallStore,
  type EndCondition,
  type NewCall,
  type StartOutcome,
  mostRingsOfPair,
} from "../ports/call-store.js";
import { MemoryBlockedCallers } from "./memory-blocked-callers.js";

const GONE: CallGone = { kind: "gone" };

interface StoredCall extends Omit<CallRecord, "ageMs" | "remainingMs"> {
  /** `since` and `until` are monotonic milliseconds. */
  readonly since: number;
  readonly until: number;
}

/** The calls of the nodes in one process. This store never loses a call, so a call that it does not know has ended. */
export class MemoryCalls implements CallStore {
  readonly #clock: Clock;
  readonly #holdMs: number;
  readonly #calls = new Map<string, StoredCall>();
  readonly #byUser = new Map<string, string>();
  readonly #blocked: MemoryBlockedCallers;
  readonly #rings: WindowLimit;
  readonly #ringsOfPairs: WindowLimit;

  constructor(clock: Clock, limits: CallLimits = {}, blocked: MemoryBlockedCallers = new MemoryBlockedCallers()) {
    this.#clock = clock;
    this.#holdMs = limits.holdMs ?? CALL_HOLD_MS;
    this.#blocked = blocked;
    const { mostRings: most = Infinity, ringWindowMs: windowMs = RING_WINDOW_MS } = limits;
    this.#rings = new WindowLimit({ most, windowMs });
    this.#ringsOfPairs = new WindowLimit({ most: mostRingsOfPair(most), windowMs });
  }

  async start(call: NewCall, ringMs: number): Promise<StartOutcome & { lapsed: readonly CallRecord[] }> {
    const { caller, callee } = call;
    const lapsed = [...this.#removeLapsed(caller.userId), ...this.#removeLapsed(callee.userId)];
    const own = this.#callOf(caller.userId);
    if (own?.state === "ringing" && own.callee.userId === caller.userId && own.caller.userId === callee.userId) {
      return { kind: "accepted", call: this.#view(this.#activate(own, caller)), lapsed };
    }
    if (own) return { kind: "caller_busy", lapsed };
    if (this.#callOf(callee.userId)) return { kind: "callee_busy", lapsed };
    const isHidden = this.#blocked.has(callee.userId, caller.userId);
    const endsInMs = this.#countRing(callee.userId, caller.userId, isHidden);
    if (endsInMs !== undefined) return { kind: "rung_often", retryAfterMs: Math.ceil(endsInMs), lapsed };
    const stored = this.#put({ ...call, state: "ringing", ...(isHidden ? { hidden: true } : {}) }, ringMs);
    return { kind: "ringing", call: this.#view(stored), lapsed };
  }

  /**
   * The rings of a blocked caller do not use up those of the others. In all else they are counted alike, so that the blocked
   * caller does not learn of the block.
   *
   * @returns how long this caller may not ring the callee, milliseconds; undefined when it may
   */
  #countRing(callee: string, caller: string, isHidden: boolean): number | undefined {
    const now = this.#now;
    if (this.#rings.isUsedUp(callee, now)) return this.#rings.endsIn(callee, now);
    const pair = `${callee}\n${caller}`;
    if (!this.#ringsOfPairs.allow(pair, now)) return this.#ringsOfPairs.endsIn(pair, now);
    if (!isHidden) this.#rings.allow(callee, now);
    return undefined;
  }

  async accept(
    callId: string,
    callee: CallParty,
  ): Promise<{ kind: "accepted"; call: CallRecord; fresh: boolean } | CallGone> {
    const call = this.#live(callId);
    if (call?.callee.userId !== callee.userId || call.hidden) return GONE;
    if (call.state === "ringing")
      return { kind: "accepted", call: this.#view(this.#activate(call, callee)), fresh: true };
    if (call.callee.sessionId !== callee.sessionId) return GONE;
    return { kind: "accepted", call: this.#view(call), fresh: false };
  }

  async finish(callId: string, condition: EndCondition): Promise<{ kind: "finished"; call: CallRecord } | CallGone> {
    const call = this.#calls.get(callId);
    if (!call || !endsCall(condition, call)) return GONE;
    this.#remove(call);
    return { kind: "finished", call: this.#view(call) };
  }

  async hold(calls: readonly CallRecord[]): Promise<readonly string[]> {
    const over: string[] = [];
    for (const { callId, ...known } of calls) {
      const call = this.#calls.get(callId);
      if (!call) over.push(callId);
      else if (call.state === "active") {
        const caller = { ...call.caller, name: known.caller.name };
        const callee = { ...call.callee, name: known.callee.name };
        this.#calls.set(callId, { ...call, caller, callee, until: this.#now + this.#holdMs });
      }
    }
    return over;
  }

  async find(callId: string): Promise<CallRecord | undefined> {
    const call = this.#live(callId);
    return call && this.#view(call);
  }

  async ofUser(userId: string): Promise<CallRecord | undefined> {
    const callId = this.#byUser.get(userId);
    return callId === undefined ? undefined : this.find(callId);
  }

  async ringing(): Promise<readonly CallRecord[]> {
    const live = [...this.#calls.values()].filter(
      ({ state, until, hidden }) => state === "ringing" && until > this.#now && !hidden,
    );
    return live.map((call) => this.#view(call));
  }

  /** All calls, also the hidden ones. */
  all(): CallRecord[] {
    return [...this.#calls.values()].map((call) => this.#view(call));
  }

  /** Takes calls back that another process had. @param passedMs since their durations were true */
  restore(calls: readonly CallRecord[], passedMs: number): void {
    for (const { ageMs, remainingMs, ...call } of calls) {
      if (remainingMs > passedMs) this.#put(call, remainingMs - passedMs, ageMs + passedMs);
    }
  }

  async close(): Promise<void> {}

  get #now(): number {
    return this.#clock.mono();
  }

  #callOf(userId: string): StoredCall | undefined {
    return this.#calls.get(this.#byUser.get(userId) ?? "");
  }

  #live(callId: string): StoredCall | undefined {
    const call = this.#calls.get(callId);
    return call && call.until > this.#now ? call : undefined;
  }

  #removeLapsed(userId: string): CallRecord[] {
    const call = this.#callOf(userId);
    if (!call || call.until > this.#now) return [];
    this.#remove(call);
    return [this.#view(call)];
  }

  #activate(call: StoredCall, callee: CallParty): StoredCall {
    return this.#put({ ...call, callee, state: "active" }, this.#holdMs);
  }

  #put(call: Omit<StoredCall, "since" | "until">, lastsMs: number, ageMs = 0): StoredCall {
    const stored = { ...call, since: this.#now - ageMs, until: this.#now + lastsMs };
    this.#calls.set(call.callId, stored);
    for (const userId of usersOf(call)) this.#byUser.set(userId, call.callId);
    return stored;
  }

  #remove(call: StoredCall): void {
    this.#calls.delete(call.callId);
    for (const userId of usersOf(call)) this.#byUser.delete(userId);
  }

  #view({ since, until, ...call }: StoredCall): CallRecord {
    return { ...call, ageMs: this.#now - since, remainingMs: Math.max(0, until - this.#now) };
  }
}

/** The users who are in the call. A hidden call is not one of the callee's. */
function usersOf({ caller, callee, hidden }: Pick<CallRecord, "caller" | "callee" | "hidden">): string[] {
  return hidden ? [caller.userId] : [caller.userId, callee.userId];
}
