/**
 * One-to-one calls. There is one call at a time; what it is at the moment is `current`, and every change of it is one
 * event. A ring ends by itself when its time is up, whether or not the service is heard.
 *
 *     nothing --start--> ringing, outgoing --answered--> active --> nothing
 *        `--somebody calls--> ringing, incoming --accept--^   (every state ends in nothing, with a reason)
 */
import type { CallSnapshot, EventData, ReplyData, RequestData, UserStatus } from "../protocol/messages/index.js";
import type { Emitter } from "./emitter.js";
import type { Timers } from "./environment.js";
import type { CallOverReason, ClientEvents } from "./events.js";
import type { ServiceEvent } from "./frame.js";
import type { Link } from "./link.js";
import { RequestError } from "./request-error.js";

/** The caller's own clock gives the service this long to say that nobody has answered. */
const PATIENCE_MS = 3_000;
/** After this time statuses that could not be asked for are asked for again. */
const WATCH_AGAIN_MS = 5_000;
/** A page that stood still has frames waiting behind the timer that fires first: they are heard before it counts. */
const LAST_MOMENT_MS = 100;

export class Calls {
  readonly #link: Link;
  readonly #timers: Timers;
  readonly #events: Emitter<ClientEvents>;
  readonly #statuses = new Map<string, UserStatus>();
  #current: CallSnapshot | undefined;
  /** The call that has come with a session which is being taken over. */
  #moved: string | undefined;
  #ringTimer: unknown;
  #watchTimer: unknown;
  /** Attempts to call somebody that were not answered yet. */
  #starting = 0;

  /** @internal */
  constructor(parts: { link: Link; timers: Timers; events: Emitter<ClientEvents> }) {
    this.#link = parts.link;
    this.#timers = parts.timers;
    this.#events = parts.events;
  }

  /** The call that rings or goes on here. A new object after every change. */
  get current(): CallSnapshot | undefined {
    return this.#current;
  }

  /** Statuses of the users that are watched, as far as they are known. */
  get statuses(): ReadonlyMap<string, UserStatus> {
    return this.#statuses;
  }

  /**
   * Calls a user. If that user is calling at this very moment, the two are in one call, and `call_accepted` follows.
   *
   * @throws RequestError such as `callee_busy`, `callee_offline`, `caller_busy`, `rate_limited`
   */
  async start(to: string, kind: "audio" | "video"): Promise<CallSnapshot> {
    this.#starting += 1;
    const { ringTimeoutMs, ...rest } = await this.#link
      .request("startCall", { to, kind })
      .finally(() => (this.#starting -= 1));
    const expiresAt = this.#timers.now() + ringTimeoutMs;
    const ringing = { ...rest, kind, state: "ringing", direction: "outgoing" } as const;
    const call: CallSnapshot = { ...ringing, expiresAt, remainingMs: ringTimeoutMs };
    this.#begin(call);
    return call;
  }

  /** Answers the call that rings here; then join its `roomId`. @throws RequestError `call_gone` when it rings no more */
  async accept(): Promise<CallSnapshot> {
    const { callId } = this.#get("incoming", "ringing");
    const { roomId } = await this.#ask("acceptCall", callId);
    this.#activate(callId, roomId);
    const call = this.#current;
    if (call?.callId !== callId) throw callGone();
    return call;
  }

  /** Declines the call that rings here, on all one's devices. @throws RequestError */
  async decline(): Promise<void> {
    const { callId } = this.#get("incoming", "ringing");
    await this.#ask("declineCall", callId);
    this.#end(callId, "declined");
  }

  /** Takes back the call that was not answered yet; one that just has been, is ended. @throws RequestError */
  async cancel(): Promise<void> {
    const { callId } = this.#get("outgoing");
    await this.#ask("endCall", callId);
    this.#end(callId, "cancelled");
  }

  /** Hangs up, or takes back, or declines: whatever ends the call in its state. @throws RequestError */
  async end(): Promise<void> {
    const { callId, state, direction } = this.#get();
    await this.#ask("endCall", callId);
    this.#end(callId, state === "active" ? "hangup" : direction === "outgoing" ? "cancelled" : "declined");
  }

  /** Asks for the statuses of users, and is told of changes from now on, also after a reconnect. @throws RequestError */
  async watch(userIds: readonly string[]): Promise<ReadonlyMap<string, UserStatus>> {
    this.#learn(await this.#link.request("watchStatus", { userIds: [...userIds] }));
    return this.#statuses;
  }

  /** @throws RequestError */
  async unwatch(userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) this.#statuses.delete(userId);
    await this.#link.request("unwatchStatus", { userIds: [...userIds] });
  }

  /** @internal The service has said which call the session is in. */
  greeted({ call }: ReplyData<"hello">): void {
    const known = this.#current;
    if (known && known.callId !== call?.callId) this.#end(known.callId, "lost");
    if (call) this.#begin(call);
    this.#watchAgain();
  }

  /**
   * @internal This tab has another one's session now. Nothing more is told of the session before, whose call has ended with
   * it, nor of what the other tab watched.
   */
  tookOver(): void {
    if (this.#current && this.#current.callId !== this.#moved) this.#end(this.#current.callId, "lost");
    this.#moved = undefined;
    this.#watchAgain();
  }

  /** @internal */
  event({ type, data }: ServiceEvent): void {
    switch (type) {
      case "incoming_call":
        this.#rings(data);
        return;
      case "call_accepted":
        this.#activate(data.callId, data.roomId);
        return;
      case "call_moved":
        this.#moved = data.call.callId;
        this.#begin(data.call);
        return;
      case "call_timeout":
        this.#end(data.callId, "timeout");
        return;
      case "call_declined":
      case "call_cancelled":
      case "call_ended":
        this.#end(data.callId, data.reason);
        return;
      case "user_status":
        this.#learn({ statuses: [data] });
    }
  }

  /** @internal The client has stopped. */
  stop(): void {
    if (this.#current) this.#end(this.#current.callId, "lost");
    this.#timers.clear(this.#watchTimer);
    this.#statuses.clear();
  }

  #watchAgain(): void {
    this.#timers.clear(this.#watchTimer);
    const watched = [...this.#statuses.keys()];
    if (watched.length === 0) return;
    this.watch(watched).catch(() => {
      // Without a line there is a hello to come, which does this, too.
      if (this.#link.state === "connected") {
        this.#watchTimer = this.#timers.set(WATCH_AGAIN_MS, () => this.#watchAgain());
      }
    });
  }

  #rings({ from, ...call }: EventData<"incoming_call">): void {
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
      this.#ringTimer = this.#timers.set(LAST_MOMENT_MS, () => this.#end(call.callId, "timeout"));
    });
  }

  #activate(callId: string, roomId: string): void {
    const call = this.#current;
    if (call?.callId !== callId) {
      // Given up here before it was answered. An attempt that waits for its own answer is told once more after that.
      if (this.#starting === 0) this.#link.request("endCall", { callId }).catch(() => {});
      return;
    }
    if (call.state === "active") return;
    const { expiresAt: _over, remainingMs: _left, ...rest } = call;
    this.#set({ ...rest, roomId, state: "active", acceptedAt: this.#timers.now() });
  }

  #end(callId: string, reason: CallOverReason): void {
    if (this.#current?.callId === callId) this.#set(undefined, reason);
  }

  #set(call: CallSnapshot | undefined, reason?: CallOverReason): void {
    this.#timers.clear(this.#ringTimer);
    const previous = this.#current;
    this.#current = call;
    this.#events.emit("call", reason ? { call, previous, reason } : { call, previous });
  }

  async #ask<T extends "acceptCall" | "declineCall" | "endCall">(type: T, callId: string): Promise<ReplyData<T>> {
    try {
      return await this.#link.request<T>(type, { callId } as RequestData<T>);
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

  #learn({ statuses }: ReplyData<"watchStatus">): void {
    for (const { userId, status } of statuses) this.#statuses.set(userId, status);
    this.#events.emit("statuses", this.#statuses);
  }
}

function callGone(): RequestError {
  return new RequestError("call_gone", "There is no such call (any more).", { retryable: false });
}
