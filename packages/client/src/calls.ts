/**
 * One-to-one calls, one at a time. `current` is the call as it is now, and each change is one `call` event. A ring ends by
 * itself when its time is up, even without a connection. A call that is over here stays over, even if the service still
 * believes in it.
 *
 *     nothing --start--> ringing, outgoing --answered--> active --> nothing
 *        `--another calls--> ringing, incoming --accept--^   (every state ends in nothing, with a reason)
 */
import type { CallSnapshot, EventData, ReplyData, RequestData, UserStatus } from "@lastseen/protocol";
import type { Emitter } from "./emitter.js";
import type { Timers } from "./environment.js";
import type { CallOverReason, ClientEvents } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import { GivenUpCalls } from "./given-up-calls.js";
import type { Connection } from "./connection.js";
import { hasStopped, outcomeUnknown, RequestError, wasDisconnected } from "./request-error.js";
import { RingTimer } from "./ring-timer.js";
import { Statuses } from "./statuses.js";

export class Calls {
  readonly #connection: Connection;
  readonly #timers: Timers;
  readonly #events: Emitter<ClientEvents>;
  readonly #statuses: Statuses;
  readonly #givenUp: GivenUpCalls;
  #current: CallSnapshot | undefined;
  /** Id of the call that came with a session that this tab takes over. */
  #moved: string | undefined;
  readonly #ringTimer: RingTimer;
  /** How many `startCall` requests wait for their answer. */
  #starting = 0;
  /** Until the first hello is answered: a page that was reloaded stays in the call of its session. */
  #isFirstHello = true;
  /** Resolved at the next change of the call or answer to a hello. */
  #waiting: (() => void)[] = [];

  /** @internal */
  constructor(parts: { connection: Connection; timers: Timers; events: Emitter<ClientEvents> }) {
    this.#connection = parts.connection;
    this.#timers = parts.timers;
    this.#events = parts.events;
    this.#statuses = new Statuses(parts);
    this.#givenUp = new GivenUpCalls(parts.connection, parts.timers);
    this.#ringTimer = new RingTimer(parts.timers, (call) => this.#timeUp(call));
  }

  /** The call that rings or goes on here. A new object after every change. */
  get current(): CallSnapshot | undefined {
    return this.#current;
  }

  /** The known statuses of the watched users. */
  get statuses(): ReadonlyMap<string, UserStatus> {
    return this.#statuses.known;
  }

  /**
   * Calls a user. If that user calls this one at the same moment, the two are in one call, and `call_accepted` follows.
   * When the promise rejects, the call does not ring there: if only the answer was lost, the client ends the call as soon
   * as it learns of it.
   *
   * @param options `ringOffline`: the call rings for its time also while the user is not connected, if the service can have a device
   * woken, for example by a push message of your backend. `reachable` of the call says whether a device could be reached at once
   * @throws RequestError such as `callee_busy`, `callee_offline`, `caller_busy`, `rate_limited`
   */
  async start(to: string, kind: "audio" | "video", options: { ringOffline?: boolean } = {}): Promise<CallSnapshot> {
    const request = { to, kind, ...options };
    try {
      return await this.#start(request);
    } catch (error) {
      const isBusy = error instanceof RequestError && error.code === "caller_busy";
      if (!isBusy || !this.#givenUp.isTelling) throw error;
      // Busy with a call that was given up. The service carries out requests in order, so it has heard of that by now.
      return this.#start(request);
    }
  }

  /**
   * Answers the call that rings here; then join its `roomId`. If the outcome is unknown, the client answers again as long
   * as the call rings, if necessary after a reconnect.
   *
   * @throws RequestError `call_gone` when it rings no more, `overloaded`
   */
  async accept(): Promise<CallSnapshot> {
    return this.#accept(this.#get("incoming", "ringing").callId);
  }

  /** Declines the call that rings here, on all devices of the user. @throws RequestError */
  async decline(): Promise<void> {
    this.#get("incoming", "ringing");
    await this.end();
  }

  /** Cancels the outgoing call, or ends it if it was answered in this moment. @throws RequestError */
  async cancel(): Promise<void> {
    await this.#finish(this.#get("outgoing").callId, "cancelled");
  }

  /**
   * Hangs up, cancels or declines, as the state of the call asks for. Without a connection the call is over here, and the
   * client tells the service later.
   *
   * @throws RequestError
   */
  async end(): Promise<void> {
    const { callId, state, direction } = this.#get();
    await this.#finish(callId, state === "active" ? "hangup" : direction === "outgoing" ? "cancelled" : "declined");
  }

  /**
   * Asks for the statuses of users and follows their changes, also after a reconnect. Without a connection or an answer
   * the client asks again later.
   *
   * @throws RequestError the service's refusal
   */
  watch(userIds: readonly string[]): Promise<ReadonlyMap<string, UserStatus>> {
    return this.#statuses.watch(userIds);
  }

  /** Stops following these users. @throws RequestError the service's refusal */
  unwatch(userIds: readonly string[]): Promise<void> {
    return this.#statuses.unwatch(userIds);
  }

  /** @internal The answer to a hello says which call the session is in. */
  greeted({ call }: ReplyData<"hello">): void {
    const isFirstHello = this.#isFirstHello;
    this.#isFirstHello = false;
    this.#givenUp.greeted(call?.callId);
    const known = this.#current;
    if (known && known.callId !== call?.callId) this.#end(known.callId, "lost");
    if (call && !this.#givenUp.has(call.callId)) {
      const rings = call.direction === "incoming" && call.state === "ringing";
      if (isFirstHello || rings || known?.callId === call.callId) this.#begin(call);
      // Started by a request whose answer was lost.
      else this.#givenUp.add(call.callId);
    }
    this.#statuses.askAgain();
    this.#notifyWaiting();
  }

  /**
   * @internal This tab has the session of another tab now. The call of this tab's own session has ended with that session,
   * and the service does not know which users this tab watches.
   */
  transferred(): void {
    if (this.#current && this.#current.callId !== this.#moved) this.#end(this.#current.callId, "lost");
    this.#moved = undefined;
    this.#statuses.askAgain();
  }

  /** @internal */
  event({ type, data }: ServiceEvent): void {
    switch (type) {
      case "incoming_call":
        this.#ring(data);
        return;
      case "call_accepted":
        // While a `startCall` waits for its answer, this may be its call: the service repeats the event after the answer.
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
        this.#statuses.apply({ statuses: [data] });
    }
  }

  /** @internal The client has stopped. */
  stop(): void {
    if (this.#current) this.#end(this.#current.callId, "lost");
    this.#isFirstHello = true;
    this.#givenUp.stop();
    this.#statuses.stop();
  }

  async #start(request: RequestData<"startCall">): Promise<CallSnapshot> {
    this.#starting += 1;
    const late = ({ callId }: { callId: string }) => {
      if (this.#current?.callId !== callId) this.#givenUp.add(callId);
    };
    const { ringTimeoutMs, ...rest } = await this.#connection
      .request("startCall", request, { late })
      .finally(() => (this.#starting -= 1));
    const expiresAt = this.#timers.now() + ringTimeoutMs;
    const ringing = { ...rest, kind: request.kind, state: "ringing", direction: "outgoing" } as const;
    const call: CallSnapshot = { ...ringing, expiresAt, remainingMs: ringTimeoutMs };
    this.#begin(call);
    return call;
  }

  async #accept(callId: string): Promise<CallSnapshot> {
    try {
      const { roomId } = await this.#answerTo(callId, this.#connection.request("acceptCall", { callId }));
      if (!this.#activate(callId, roomId)) this.#givenUp.add(callId);
    } catch (error) {
      if (!outcomeUnknown(error) || hasStopped(error)) throw error;
      if (wasDisconnected(error)) await this.#nextChange();
    }
    const call = this.#current;
    if (call?.callId !== callId) throw this.#connection.stopped ?? callGone();
    return call.state === "active" ? call : this.#accept(callId);
  }

  /** Ends the call; without an answer it ends here all the same. @throws RequestError the service's refusal */
  async #finish(callId: string, reason: CallOverReason): Promise<void> {
    try {
      await this.#answerTo(callId, this.#connection.request("endCall", { callId }));
    } catch (error) {
      if (!outcomeUnknown(error)) throw error;
      this.#givenUp.add(callId);
    }
    this.#end(callId, reason);
  }

  /** Resolves when the call has changed or a hello was answered. */
  #nextChange(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #notifyWaiting(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #ring({ from, ...call }: EventData<"incoming_call">): void {
    if (this.#givenUp.has(call.callId)) return;
    this.#begin({ ...call, peer: from, state: "ringing", direction: "incoming" });
  }

  /** Takes a new call, or the state of the known one from a hello. */
  #begin(call: CallSnapshot): void {
    const before = this.#current;
    if (before && before.callId !== call.callId) this.#end(before.callId, "lost");
    else if (before?.state === call.state) return;
    this.#set(call);
    this.#ringTimer.start(call);
  }

  #timeUp({ callId, direction }: CallSnapshot): void {
    this.#end(callId, "timeout");
    // The other user may have answered in this moment, and would be alone in the call.
    if (direction === "outgoing") this.#givenUp.add(callId);
  }

  /** @returns `false` when it is not the current call */
  #activate(callId: string, roomId: string): boolean {
    const call = this.#current;
    if (call?.callId !== callId) return false;
    if (call.state === "active") return true;
    const { expiresAt: _over, remainingMs: _left, ...rest } = call;
    this.#set({ ...rest, roomId, state: "active", acceptedAt: this.#timers.now() });
    return true;
  }

  /** The service says that the call is over. */
  #over(callId: string, reason: CallOverReason): void {
    this.#givenUp.remove(callId);
    this.#end(callId, reason);
  }

  #end(callId: string, reason: CallOverReason): void {
    if (this.#current?.callId === callId) this.#set(undefined, reason);
  }

  #set(call: CallSnapshot | undefined, reason?: CallOverReason): void {
    this.#ringTimer.stop();
    const previous = this.#current;
    this.#current = call;
    this.#events.emit("call", reason ? { call, previous, reason } : { call, previous });
    this.#notifyWaiting();
  }

  /** Waits for the answer to a request about the call, and ends the call here if the service does not know it. */
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
    if (!fits) throw this.#connection.stopped ?? callGone();
    return call;
  }
}

function callGone(): RequestError {
  return new RequestError("call_gone", "There is no such call, or it is over.", { retryable: false });
}
