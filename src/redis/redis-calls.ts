import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import {
  CALL_HOLD_MS,
  RING_WINDOW_MS,
  type CallGone,
  type CallLimits,
  type CallParty,
  type CallRecord,
  type CallStore,
  type EndCondition,
  type NewCall,
  mostRingsOfPair,
} from "../ports/call-store.js";
import { Gathered } from "./gathered.js";
import type { RedisLink } from "./link.js";
import { integer, list, oneOf, text } from "./replies.js";
import { loadScript } from "./script.js";
import { readId, readJson, storedId } from "./stored-text.js";

const START = loadScript("call-start");
const ACCEPT = loadScript("call-accept");
const FINISH = loadScript("call-finish");
const HOLD = loadScript("call-hold");
const FIND = loadScript("call-find");
const RINGING = loadScript("calls-ringing");

/** Number of calls that one script holds, or finds. Redis does nothing else while the script runs, so it is small. */
const PAGE = 200;

const GONE: CallGone = { kind: "gone" };

/** The part of a call that the scripts do not read. A script adds the name of who has answered: of two names, the last counts. */
const Body = Type.Object({
  roomId: Type.String(),
  kind: Type.Enum(["audio", "video"]),
  callerName: Type.String(),
  calleeName: Type.String(),
  ringOffline: Type.Optional(Type.Literal(true)),
});
const bodyCheck = Compile(Body);

/** The calls of all nodes, in Redis. Each method is one script, and Redis's clock tells the time. */
export class RedisCalls implements CallStore {
  readonly #link: RedisLink;
  readonly #holdMs: number;
  readonly #mostRings: number;
  readonly #ringWindowMs: number;
  /** A node that adopts the sessions of another, or to which many clients come back, asks about all their users. */
  readonly #ofUsers: Gathered<string, CallRecord | undefined>;

  constructor(link: RedisLink, limits: CallLimits = {}) {
    this.#link = link;
    this.#holdMs = limits.holdMs ?? CALL_HOLD_MS;
    this.#mostRings = limits.mostRings ?? Number.MAX_SAFE_INTEGER;
    this.#ringWindowMs = limits.ringWindowMs ?? RING_WINDOW_MS;
    this.#ofUsers = new Gathered({ ask: (users) => this.#find("user", users), read: readFound, most: PAGE });
  }

  async start(call: NewCall, ringMs: number): ReturnType<CallStore["start"]> {
    const { callId, caller, callee } = call;
    const body = bodyOf(call);
    const parties = [storedId(caller.userId), caller.sessionId, storedId(callee.userId)];
    const limits = [this.#mostRings, mostRingsOfPair(this.#mostRings), this.#ringWindowMs];
    const args = [callId, ringMs, this.#holdMs, ...parties, body, JSON.stringify(caller.name), ...limits];
    const [kind, started, ...lapsed] = list(await this.#link.run(START, args));
    const rest = { lapsed: lapsed.map(readCall) };
    const outcome = oneOf(kind, "ringing", "accepted", "caller_busy", "callee_busy", "rung_often");
    if (outcome === "rung_often") return { kind: outcome, retryAfterMs: integer(started), ...rest };
    if (outcome === "caller_busy" || outcome === "callee_busy") return { kind: outcome, ...rest };
    return { kind: outcome, call: readCall(started), ...rest };
  }

  async accept(callId: string, callee: CallParty): ReturnType<CallStore["accept"]> {
    const args = [callId, this.#holdMs, storedId(callee.userId), callee.sessionId, JSON.stringify(callee.name)];
    const [kind, call, fresh] = list(await this.#link.run(ACCEPT, args));
    if (oneOf(kind, "accepted", "gone") === "gone") return GONE;
    return { kind: "accepted", call: readCall(call), fresh: integer(fresh) === 1 };
  }

  async finish(callId: string, condition: EndCondition): ReturnType<CallStore["finish"]> {
    const { state, by } = condition;
    const [role, id] =
      by === "anybody" ? [by, ""] : "callee" in by ? ["callee", storedId(by.callee)] : ["session", by.session];
    const [kind, call] = list(await this.#link.run(FINISH, [callId, this.#holdMs, state, role, id]));
    return oneOf(kind, "finished", "gone") === "gone" ? GONE : { kind: "finished", call: readCall(call) };
  }

  async hold(calls: readonly CallRecord[]): Promise<readonly string[]> {
    const over: string[] = [];
    for (let from = 0; from < calls.length; from += PAGE) {
      const args = calls.slice(from, from + PAGE).flatMap(holdArguments);
      over.push(...list(await this.#link.run(HOLD, [this.#holdMs, ...args])).map(text));
    }
    return over;
  }

  async find(callId: string): Promise<CallRecord | undefined> {
    const [reply] = await this.#find("call", [callId]);
    return readFound(reply);
  }

  ofUser(userId: string): Promise<CallRecord | undefined> {
    return this.#ofUsers.ask(storedId(userId));
  }

  async ringing(): Promise<readonly CallRecord[]> {
    return list(await this.#link.run(RINGING, [])).map(readCall);
  }

  /** Does nothing: the store that made this closes the link to Redis. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #find(by: "call" | "user", ids: readonly string[]): Promise<readonly unknown[]> {
    return list(await this.#link.run(FIND, [by, ...ids]));
  }
}

function bodyOf({ roomId, kind, caller, callee, ringOffline }: NewCall): string {
  const names = { callerName: caller.name, calleeName: callee.name };
  const body: Static<typeof Body> = { roomId, kind, ...names, ...(ringOffline ? { ringOffline } : {}) };
  return JSON.stringify(body);
}

function holdArguments(call: CallRecord): (string | number)[] {
  const { callId, ageMs, caller, callee } = call;
  const { sessionId = "" } = callee;
  return [
    callId,
    Math.round(ageMs),
    storedId(caller.userId),
    caller.sessionId,
    storedId(callee.userId),
    sessionId,
    bodyOf(call),
  ];
}

function readFound(reply: unknown): CallRecord | undefined {
  return reply === null ? undefined : readCall(reply);
}

/** Reads a call as `viewCall` in `scripts/include/calls.lua` writes it. */
function readCall(reply: unknown): CallRecord {
  const [callId, state, ageMs, remainingMs, caller, callerSession, callee, calleeSession, json] = list(reply);
  const body: unknown = readJson(text(json));
  const isHidden = state === "silent";
  if (!bodyCheck.Check(body) || (state !== "ringing" && state !== "active" && !isHidden)) {
    throw new Error("this version cannot read a call in Redis");
  }
  const { roomId, kind, callerName, calleeName, ringOffline } = body;
  const answered = text(calleeSession) === "" ? {} : { sessionId: text(calleeSession) };
  return {
    callId: text(callId),
    roomId,
    kind,
    state: isHidden ? "ringing" : state,
    ...(isHidden ? { hidden: true } : {}),
    ...(ringOffline ? { ringOffline } : {}),
    caller: { userId: readId(text(caller)), name: callerName, sessionId: text(callerSession) },
    callee: { userId: readId(text(callee)), name: calleeName, ...answered },
    ageMs: integer(ageMs),
    remainingMs: integer(remainingMs),
  };
}
