/**
 * One-to-one calls. There is one call at a time; what it is at the moment is `current`, and every change of it is one
 * event. A ring ends by itself when its time is up, whether or not the service is heard; and what is over here is not
 * taken up again, whatever the service says of it later.
 *
 *     nothing --start--> ringing, outgoing --answered--> active --> nothing
 *        `--somebody calls--> ringing, incoming --accept--^   (every state ends in nothing, with a reason)
 */
import type { CallSnapshot, EventData, ReplyData, UserStatus } from "@lastseen/protocol";
import type { Emitter } from "./emitter.js";
import type { Timers } from "./environment.js";
import type { CallOverReason, ClientEvents } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import { GivenUpCalls } from "./given-up.js";
import type { Connection } from "./connection.js";
import { lostOnTheWay, RequestError, withoutLine } from "./request-error.js";
import { Statuses } from "./statuses.js";

/** The caller's own clock gives the service this long to say that nobody has answered. */
const PATIENCE_MS = 3_000;
/** A page that stood still has frames waiting behind the timer that fires first: they are heard before it counts. */
const LAST_MOMENT_MS = 100;

export class Calls {
  readonly #connection: Connection;
  readonly #timers: Timers;
  readonly #events: Emitter<ClientEvents>;
  readonly #statuses: Statuses;
  readonly #givenUp: GivenUpCalls;
  #current: CallSnapshot | undefined;
  /** The call that has come with a session which is being taken over. */
  #moved: string | undefined;
  #ringTimer: unknown;
  /** Attempts to call somebody that were not answered yet. */
  #starting = 0;
  /** A page that has just been loaded finds itself in the call of its session. */
  #arriving = true;
  /** Whoever waits for news of the call. */
  #waiting: (() => void)[] = [];

  /** @internal */
  constructor(parts: { connection: Connection; timers: Timers; events: Emitter<ClientEvents> }) {
    this.#connection = parts.connection;
    this.#timers = parts.timers;
    this.#events = parts.events;
    this.#statuses = new Statuses(parts);
    this.#givenUp = new GivenUpCalls(parts.connection, parts.timers);
  }

  /** The call that rings or goes on here. A new object after every change. */
  get current(): CallSnapshot | undefined {
    return this.#current;
  }

  /** Statuses of the users that are watched, as far as they are known. */
  get statuses(): ReadonlyMap<string, UserStatus> {
    return this.#statuses.known;
  }

  /**
   * Calls a user. If that user is calling at this very moment, the two are in one call, and `call_accepted` follows. An
   * attempt that has failed here does not ring there: if its answer was lost, it is taken back as soon as it is heard of.
   *
   * @throws RequestError such as `callee_busy`, `callee_offline`, `caller_busy`, `rate_limited`
   */
  async start(to: string, kind: "audio" | "video"): Promise<CallSnapshot> {
    try {
      return await this.#start(to, kind);
    } catch (error) {
      const isBusy = error instanceof RequestError && error.code === "caller_busy";
      if (!isBusy || !this.#givenUp.isTelling) throw error;
      // Of an attempt before, of whose end the service has been told meanwhile: requests are carried out in their order.
      return this.#start(to, kind);
    }
  }

  /**
   * Answers the call that rings here; then join its `roomId`. An answer that may have been lost is given again, on the next
   * line if need be, as long as it rings.
   *
   * @throws RequestError `call_gone` when it rings no more, `overloaded`
   */
  async accept(): Promise<CallSnapshot> {
    return this.#accept(this.#get("incoming", "ringing").callId);
  }

  /** Declines the call that rings here, on all one's devices. @throws RequestError */
  async decline(): Promise<void> {
    this.#get("incoming", "ringing");
    await this.end();
  }

  /** Takes back the call that was not answered yet; one that just has been, is ended. @throws RequestError */
  async cancel(): Promise<void> {
    await this.#finish(this.#get("outgoing").callId, "cancelled");
  }

  /**
   * Hangs up, or takes back, or declines: whatever ends the call in its state. Without a line it is over here, and the
   * service is told later.
   *
   * @throws RequestError
   */
  async end(): Promise<void> {
    const { callId, state, direction } = this.#get();
    await this.#finish(callId, state === "active" ? "hangup" : direction === "outgoing" ? "cancelled" : "declined");
  }

  /**
   * Asks for the statuses of users, and is told of changes from now on, also after a reconnect. Without a line, or without
   * an answer, they are asked for as soon as can be. @throws RequestError the service's refusal
   */
  watch(userIds: readonly string[]): Promise<ReadonlyMap<string, UserStatus>> {
    return this.#statuses.watch(userIds);
  }

  /** Is told nothing more of these users. @throws RequestError the service's refusal */
  unwatch(userIds: readonly string[]): Promise<void> {
    return this.#statuses.unwatch(userIds);
  }

  /** @internal The service has said which call the session is in. */
  greeted({ call }: ReplyData<"hello">): void {
    const isArriving = this.#arriving;
    this.#arriving = false;
    this.#givenUp.greeted(call?.callId);
    const known = this.#current;
    if (known && known.callId !== call?.callId) this.#end(known.callId, "lost");
    if (call && !this.#givenUp.has(call.callId)) {
      const rings = call.direction === "incoming" && call.state === "ringing";
      if (isArriving || rings || known?.callId === call.callId) this.#begin(call);
      // Begun by an attempt whose answer was lost.
      else this.#givenUp.add(call.callId);
    }
    this.#statuses.again();
    this.#newsCame();
  }

  /**
   * @internal This tab has another one's session now. Nothing more is told of the session before, whose call has ended with
   * it, nor of what the other tab watched.
   */
  tookOver(): void {
    if (this.#current && this.#current.callId !== this.#moved) this.#end(this.#current.callId, "lost");
    this.#moved = undefined;
    this.#statuses.again();
  }

  /** @internal */
  event({ type, data }: ServiceEvent): void {
    switch (type) {
      case "incoming_call":
        this.#rings(data);
        return;
      case "call_accepted":
        // An attempt that waits for its own answer is told once more after that.
        if (!this.#activate(data.callId, data.roomId) && this.#starting === 0) this.#givenUp.add(data.callId);
        return;
      case "call_moved":
        this.#moved = data.call.callId;
        this.#begin(data.call);
        return;
      case "call_timeout":
        this.#over(data.callId, "timeout");
        return;
      case "call_declined":
      case "call_cancelled":
      case "call_ended":
        this.#over(data.callId, data.reason);
        return;
      case "user_status":
        this.#statuses.learn({ statuses: [data] });
    }
  }

  /** @internal The client has stopped. */
  stop(): void {
    if (this.#current) this.#end(this.#current.callId, "lost");
    this.#arriving = true;
    this.#givenUp.stop();
    this.#statuses.stop();
  }

  async #start(to: string, kind: "audio" | "video"): Promise<CallSnapshot> {
    this.#starting += 1;
    const late = ({ callId }: { callId: string }) => {
      if (this.#current?.callId !== callId) this.#givenUp.add(callId);
    };
    const { ringTimeoutMs, ...rest } = await this.#connection
      .request("startCall", { to, kind }, { late })
      .finally(() => (this.#starting -= 1));
    const expiresAt = this.#timers.now() + ringTimeoutMs;
    const ringing = { ...rest, kind, state: "ringing", direction: "outgoing" } as const;
    const call: CallSnapshot = { ...ringing, expiresAt, remainingMs: ringTimeoutMs };
    this.#begin(call);
    return call;
  }

  async #accept(callId: string): Promise<CallSnapshot> {
    try {
      const { roomId } = await this.#answerTo(callId, this.#connection.request("acceptCall", { callId }));
      if (!this.#activate(callId, roomId)) this.#givenUp.add(callId);
    } catch (error) {
      if (!lostOnTheWay(error)) throw error;
      if (withoutLine(error)) await this.#news();
    }
    const call = this.#current;
    if (call?.callId !== callId) throw callGone();
    return call.state === "active" ? call : this.#accept(callId);
  }

  /** Ends the call, here at the latest when there is no answer. @throws RequestError the service's refusal */
  async #finish(callId: string, reason: CallOverReason): Promise<void> {
    try {
      await this.#answerTo(callId, this.#connection.request("endCall", { callId }));
    } catch (error) {
      if (!lostOnTheWay(error)) throw error;
      this.#givenUp.add(callId);
    }
    this.#end(callId, reason);
  }

  /** Resolves when the call has changed, or a hello has told how it stands. */
  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #newsCame(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #rings({ from, ...call }: EventData<"incoming_call">): void {
    if (this.#givenUp.has(call.callId)) return;
    this.#begin({ ...call, peer: from, state: "ringing", direction: "incoming" });
  }

  /** A call is here: new, or as a hello knows it. */
  #begin(call: CallSnapshot): void {
    const before = this.#current;
    if (before && before.callId !== call.callId) this.#end(before.callId, "lost");
    else if (before?.state === call.state) return;
    this.#set(call);
    if (call.state === "active" || call.remainingMs === undefined) return;
    const patience = call.direction === "outgoing" ? PATIENCE_MS : 0;
    const withinMs = Math.max(0, call.remainingMs + patience - LAST_MOMENT_MS);
    this.#ringTimer = this.#timers.set(withinMs, () => {
      this.#ringTimer = this.#timers.set(LAST_MOMENT_MS, () => {
        this.#end(call.callId, "timeout");
        // It may have been answered in this very moment, and nobody is to talk to nobody.
        if (call.direction === "outgoing") this.#givenUp.add(call.callId);
      });
    });
  }

  /** `false` when it is not the call that is here. */
  #activate(callId: string, roomId: string): boolean {
    const call = this.#current;
    if (call?.callId !== callId) return false;
    if (call.state === "active") return true;
    const { expiresAt: _over, remainingMs: _left, ...rest } = call;
    this.#set({ ...rest, roomId, state: "active", acceptedAt: this.#timers.now() });
    return true;
  }

  /** The service says that it is over. */
  #over(callId: string, reason: CallOverReason): void {
    this.#givenUp.over(callId);
    this.#end(callId, reason);
  }

  #end(callId: string, reason: CallOverReason): void {
    if (this.#current?.callId === callId) this.#set(undefined, reason);
  }

  #set(call: CallSnapshot | undefined, reason?: CallOverReason): void {
    this.#timers.clear(this.#ringTimer);
    const previous = this.#current;
    this.#current = call;
    this.#events.emit("call", reason ? { call, previous, reason } : { call, previous });
    this.#newsCame();
  }

  /** Waits for the answer to a request about the call; one that is gone there is gone here. */
  async #answerTo<T>(callId: string, request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      if (error instanceof RequestError && error.code === "call_gone") this.#end(callId, "lost");
      throw error;
    }
  }

  #get(direction?: CallSnapshot["direction"], state?: CallSnapshot["state"]): CallSnapshot {
    const call = this.#current;
    const fits = call && call.direction === (direction ?? call.direction) && call.state === (state ?? call.state);
    if (!fits) throw callGone();
    return call;
  }
}

function callGone(): RequestError {
  return new RequestError("call_gone", "There is no such call (any more).", { retryable: false });
}
