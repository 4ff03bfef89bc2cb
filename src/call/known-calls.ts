import type { CallSnapshot, UserStatus } from "@lastseen/protocol";
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { CallUpdate } from "../ports/call-record.js";
import type { CallRecord } from "../ports/call-store.js";
import type { LifecycleEvents } from "../session/events.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import { snapshotFor } from "./call-notices.js";
import type { FollowedUsers } from "./followed-users.js";
import type { Presence } from "./presence.js";

/** So many past calls are remembered, so that an older update about one of them is not believed. */
const MOST_PAST = 1_000;
/** A node without the caller ends a ring this much later than the caller's node: only if that node has died. */
const OTHER_NODES_WAIT_MS = 1_000;

interface Known {
  readonly call: CallRecord;
  /** When the durations of `call` were true, monotonic milliseconds. */
  readonly asOf: number;
  readonly ringTimer: Timer | undefined;
}

/**
 * The calls that concern a session of this node: a copy of what the store has decided. A call only goes forward, from
 * ringing to active to over; an update that would take it back is older than what is known, and is not recorded.
 */
export class KnownCalls {
  readonly #clock: Clock;
  readonly #registry: SessionRegistry;
  readonly #presence: Presence;
  readonly #followed: FollowedUsers;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #calls = new Map<string, Known>();
  /** Ids of calls. A user has one; two for a moment, when the end of the first is heard after the start of the second. */
  readonly #byUser = new Map<string, Set<string>>();
  /** Calls that concern no session here any more; `answered`: the call goes on elsewhere, but it rings nowhere. */
  readonly #past = new Map<string, "answered" | "over">();

  constructor(parts: {
    clock: Clock;
    registry: SessionRegistry;
    presence: Presence;
    followed: FollowedUsers;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#clock = parts.clock;
    this.#registry = parts.registry;
    this.#presence = parts.presence;
    this.#followed = parts.followed;
    this.#events = parts.events;
  }

  /** The call, with its durations as of now. */
  find(callId: string): CallRecord | undefined {
    const known = this.#calls.get(callId);
    if (!known) return undefined;
    const passedMs = this.#clock.mono() - known.asOf;
    const { ageMs, remainingMs } = known.call;
    return { ...known.call, ageMs: ageMs + passedMs, remainingMs: Math.max(0, remainingMs - passedMs) };
  }

  /** The calls that name this user, the latest first. */
  ofUser(userId: string): CallRecord[] {
    const calls = Array.from(this.#byUser.get(userId) ?? [], (callId) => this.find(callId));
    return calls.filter((call) => call !== undefined).toReversed();
  }

  /** A user has a new name: whoever asks for the user's calls gets it. */
  rename(userId: string, name: string): void {
    for (const callId of this.#byUser.get(userId) ?? []) {
      const known = this.#calls.get(callId);
      if (!known) continue;
      const { caller, callee } = known.call;
      const call = {
        ...known.call,
        caller: caller.userId === userId ? { ...caller, name } : caller,
        callee: callee.userId === userId ? { ...callee, name } : callee,
      };
      this.#calls.set(callId, { ...known, call });
    }
  }

  isOver(callId: string): boolean {
    return this.#past.get(callId) === "over";
  }

  /** The active calls with a session of this node: this node renews their leases. */
  held(): CallRecord[] {
    const active = [...this.#calls.values()].filter(
      ({ call }) => call.state === "active" && this.#concernsThisNode(call),
    );
    return active.map(({ call: { callId } }) => this.find(callId)).filter((call) => call !== undefined);
  }

  /** Ids of the calls that ring, as far as this node knows. */
  ringing(): string[] {
    return [...this.#calls.values()].filter(({ call }) => call.state === "ringing").map(({ call }) => call.callId);
  }

  /** Counts the calls whose caller is here: the sum over all nodes is the number of calls. */
  counts(): Record<CallRecord["state"], number> {
    const counts = { ringing: 0, active: 0 };
    for (const { call } of this.#calls.values())
      if (this.#registry.find(call.caller.sessionId)) counts[call.state] += 1;
    return counts;
  }

  /** Users with a session here who are in a call. */
  get busyUsers(): number {
    const isBusy = (userId: string): boolean =>
      this.ofUser(userId).some(({ hidden, caller }) => !hidden || caller.userId === userId);
    const here = [...this.#byUser.keys()].filter((userId) => this.#presence.sessionsHere(userId).length > 0);
    return here.filter(isBusy).length;
  }

  /**
   * The callee's status as this session sees it. While a hidden call rings, the caller's sessions see what they would see if the
   * callee's devices rang.
   */
  statusSeenBy({ userId }: Session, calleeId: string, status: UserStatus): UserStatus {
    // Also when the callee goes offline: the ring ends first, as it would with a callee whose devices rang.
    if (status === "busy") return status;
    const rings = this.ofUser(userId).some(
      ({ hidden, caller, callee }) => hidden && caller.userId === userId && callee.userId === calleeId,
    );
    return rings ? "busy" : status;
  }

  /** The call that a session is in, or that rings at it, in the form for its client. */
  snapshotOf(session: Session): CallSnapshot | null {
    const snapshots = this.ofUser(session.userId).map((call) => snapshotFor(session, call, this.#clock.wall()));
    return snapshots.find((snapshot) => snapshot !== undefined) ?? null;
  }

  /**
   * Records an update.
   *
   * @returns `false` when the update is older than what is known, or concerns no session here
   */
  record({ change, call }: CallUpdate): boolean {
    if (this.isOver(call.callId)) return false;
    if (change === "finished") this.#remember(call.callId, "over");
    else if (this.#concernsThisNode(call)) return this.#put(call);
    else if (change === "accepted") {
      const rang = this.#calls.has(call.callId);
      this.#remember(call.callId, "answered");
      return rang;
    }
    return change !== "ringing";
  }

  /** Removes the calls that concern no session here any more. */
  tidy(): void {
    for (const { call } of this.#calls.values()) if (!this.#concernsThisNode(call)) this.#remove(call.callId);
  }

  /** Removes every call and stops its timer. */
  clear(): void {
    for (const callId of Array.from(this.#calls.keys())) this.#remove(callId);
  }

  /** Whether a session of this node is in the call, or could answer it. */
  #concernsThisNode({ caller, callee, state, hidden }: CallRecord): boolean {
    if (this.#registry.find(caller.sessionId)) return true;
    // Every session of the caller that watches the callee must see the same.
    if (hidden && this.#presence.sessionsHere(caller.userId).length > 0) return true;
    if (state === "ringing") return this.#presence.sessionsHere(callee.userId).length > 0;
    return this.#registry.find(callee.sessionId ?? "") !== undefined;
  }

  #put(call: CallRecord): boolean {
    const { callId, state } = call;
    const before = this.#calls.get(callId);
    if (state === "ringing" && this.#past.has(callId)) return false;
    if (before?.call.state === "active" || before?.call.state === state) return false;
    before?.ringTimer?.cancel();
    const ringTimer = state === "ringing" ? this.#startRingTimer(call) : undefined;
    this.#calls.set(callId, { call, asOf: this.#clock.mono(), ringTimer });
    for (const { userId } of [call.caller, call.callee]) {
      // The other one of the two may be renamed on another node.
      if (!before) this.#followed.add(userId);
      const calls = this.#byUser.get(userId);
      if (calls) calls.add(callId);
      else this.#byUser.set(userId, new Set([callId]));
    }
    return true;
  }

  #startRingTimer({ callId, caller, remainingMs }: CallRecord): Timer {
    const waitMs = this.#registry.find(caller.sessionId) ? 0 : OTHER_NODES_WAIT_MS;
    return this.#clock.after(remainingMs + waitMs, () => this.#events.emit("call_rang_out", { callId }));
  }

  #remember(callId: string, how: "answered" | "over"): void {
    this.#remove(callId);
    this.#past.set(callId, how);
    const [oldest] = this.#past.keys();
    if (this.#past.size > MOST_PAST && oldest !== undefined) this.#past.delete(oldest);
  }

  #remove(callId: string): void {
    const known = this.#calls.get(callId);
    if (!known) return;
    known.ringTimer?.cancel();
    this.#calls.delete(callId);
    for (const { userId } of [known.call.caller, known.call.callee]) {
      this.#followed.remove(userId);
      const calls = this.#byUser.get(userId);
      calls?.delete(callId);
      if (calls?.size === 0) this.#byUser.delete(userId);
    }
  }
}
