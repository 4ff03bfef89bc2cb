import type {
  CallGone,
  CallParty,
  CallRecord,
  CallStore,
  EndCondition,
  NewCall,
  StartOutcome,
} from "../../../src/ports/call-store.js";
import type { Now } from "../world/world.js";

/** A call, as the store's answers describe it. */
export interface PastCall {
  readonly callId: string;
  readonly caller: CallParty;
  callee: CallRecord["callee"];
  state: CallRecord["state"] | "over";
  readonly startedAt: number;
  /** When it entered its state. */
  since: number;
  wasAnswered: boolean;
}

/** The store that decides about calls, with a history of its decisions for the checks. */
export class CallHistory implements CallStore {
  /** Every call by its id. Calls that are not over are also in `live`. */
  readonly calls = new Map<string, PastCall>();
  readonly live = new Set<PastCall>();
  /** Grows with each change. */
  version = 0;
  /** Called with each attempt to start a call, before the history records it. */
  onStart: (call: NewCall, outcome: StartOutcome) => void = () => {};
  readonly #store: CallStore;
  readonly #now: Now;

  constructor(store: CallStore, now: Now) {
    this.#store = store;
    this.#now = now;
  }

  /** The live call that names the user. */
  naming(userId: string): PastCall | undefined {
    for (const call of this.live) if (call.caller.userId === userId || call.callee.userId === userId) return call;
    return undefined;
  }

  async start(call: NewCall, ringMs: number): Promise<StartOutcome & { readonly lapsed: readonly CallRecord[] }> {
    const outcome = await this.#store.start(call, ringMs);
    for (const { callId } of outcome.lapsed) this.#over(callId);
    this.onStart(call, outcome);
    if (outcome.kind === "ringing") this.#begun(outcome.call);
    else if (outcome.kind === "accepted") this.#answered(outcome.call);
    return outcome;
  }

  async accept(
    callId: string,
    callee: CallParty,
  ): Promise<{ kind: "accepted"; call: CallRecord; fresh: boolean } | CallGone> {
    const outcome = await this.#store.accept(callId, callee);
    if (outcome.kind === "accepted") this.#answered(outcome.call);
    return outcome;
  }

  async finish(callId: string, condition: EndCondition): Promise<{ kind: "finished"; call: CallRecord } | CallGone> {
    const outcome = await this.#store.finish(callId, condition);
    if (outcome.kind === "finished") this.#over(callId);
    return outcome;
  }

  hold(calls: readonly CallRecord[]): Promise<readonly string[]> {
    return this.#store.hold(calls);
  }

  find(callId: string): Promise<CallRecord | undefined> {
    return this.#store.find(callId);
  }

  ofUser(userId: string): Promise<CallRecord | undefined> {
    return this.#store.ofUser(userId);
  }

  ringing(): Promise<readonly CallRecord[]> {
    return this.#store.ringing();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #begun({ callId, caller, callee }: CallRecord): void {
    const at = this.#now.at;
    const call: PastCall = {
      callId,
      caller,
      callee,
      state: "ringing",
      startedAt: at,
      since: at,
      wasAnswered: false,
    };
    this.calls.set(callId, call);
    this.live.add(call);
    this.version += 1;
  }

  #answered({ callId, callee }: CallRecord): void {
    const call = this.calls.get(callId);
    if (call?.state !== "ringing") return;
    Object.assign(call, { state: "active", callee, since: this.#now.at, wasAnswered: true });
    this.version += 1;
  }

  #over(callId: string): void {
    const call = this.calls.get(callId);
    if (!call) return;
    Object.assign(call, { state: "over", since: this.#now.at });
    this.live.delete(call);
    this.version += 1;
  }
}
