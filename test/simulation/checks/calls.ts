import type { NewCall, StartOutcome } from "../../../src/ports/call-store.js";
import type { PastCall } from "../service/call-history.js";
import type { ServiceNode } from "../service/node.js";
import { SETTINGS } from "../service/settings.js";
import type { Scene } from "./scene.js";

/** The time of the store's slowest answer plus the pause before the service repeats a failed request. */
const SLACK_MS = 10_000;

/**
 * Checks the promises about calls against the history of the store's decisions. Nobody is in two calls. Nobody is refused
 * because of a call that is over. No ring is longer than its time. No call outlives its sessions. The gauges are right.
 */
export class Calls {
  readonly #scene: Scene;
  readonly #node: ServiceNode;
  /** When each call lost a session that it needs. */
  readonly #goneSince = new Map<PastCall, number>();
  readonly #counted = new Set<string>();
  #sessionSteps = 0;
  /** The version at which the gauges were last found right. */
  #gaugesRight = -1;

  constructor(scene: Scene, node: ServiceNode) {
    this.#scene = scene;
    this.#node = node;
    node.calls.onStart = (call, outcome) => this.#started(call, outcome);
    node.service.lifecycle.on("call_finished", ({ callId }) => {
      if (this.#counted.has(callId)) scene.fail("agreement", `${scene.callNamed(callId)} was counted twice`);
      this.#counted.add(callId);
    });
    for (const step of ["opened", "resumed", "transferred", "ended"] as const) {
      node.service.lifecycle.on(step, () => (this.#sessionSteps += 1));
    }
  }

  /** Grows with everything that may change what a page shows of calls. */
  get version(): number {
    return this.#node.calls.version + this.#sessionSteps;
  }

  /** Whether the store has answered everything lately, so that the service knows all calls. */
  get isSettled(): boolean {
    const { callsWay, way } = this.#node.store;
    const failedAt = Math.max(callsWay.failedAt, way.failedAt);
    return callsWay.pending === 0 && this.isPast(failedAt, SLACK_MS);
  }

  /** Whether the process has run for this time since that moment. */
  isPast(since: number, ms: number): boolean {
    const { now } = this.#scene.world;
    return since === -Infinity || now.at - since - this.#node.loop.stoppedSince(since) > ms;
  }

  /** Runs every second. */
  check(): void {
    const { loop, calls } = this.#node;
    if (loop.isStopped) return;
    for (const call of this.#goneSince.keys()) if (call.state === "over") this.#goneSince.delete(call);
    for (const call of calls.live) {
      this.#checkRing(call);
      this.#checkSessions(call);
    }
    const { version } = this;
    if (version === this.#gaugesRight || !this.isSettled || this.#goneSince.size > 0) return;
    this.#checkGauges();
    this.#gaugesRight = version;
  }

  /** Runs at rest: everybody has hung up, and all timers had time to fire. */
  checkAtRest(): void {
    const { fail, count, callNamed } = this.#scene;
    const { service, calls, store } = this.#node;
    count("check", "calls at rest");
    for (const { callId, state } of calls.live) fail("stuck", `${callNamed(callId)} is still ${state} at rest`);
    if (service.telephony.known.busyUsers > 0) fail("status", "somebody is busy at rest");
    if (store.callsWay.failures > 0) return;
    for (const { callId } of calls.calls.values()) {
      if (!this.#counted.has(callId)) fail("agreement", `the end of ${callNamed(callId)} was not counted`);
    }
    count("check", "calls counted");
  }

  #started({ callId, caller, callee }: NewCall, { kind }: StartOutcome): void {
    const { fail, count, callNamed } = this.#scene;
    const { calls } = this.#node;
    const [own, other] = [calls.naming(caller.userId), calls.naming(callee.userId)];
    const who = `${callNamed(callId)} from ${caller.userId} to ${callee.userId}`;
    count("call", `attempt: ${kind}`);
    if (kind === "ringing" && (own ?? other)) fail("one call", `${who} rings beside another one`);
    if (kind === "accepted" && (own === undefined || own !== other)) fail("one call", `${who} answers none`);
    if (kind === "caller_busy" && !own) fail("status", `${who}: the caller is busy with no call`);
    if (kind === "callee_busy" && !other) fail("status", `${who}: the callee is busy with no call`);
    count("check", "one call");
  }

  #checkRing({ callId, state, since }: PastCall): void {
    if (state !== "ringing") return;
    this.#scene.count("check", "ring in time");
    const { failedAt } = this.#node.store.callsWay;
    if (!this.isPast(since, SETTINGS.ringMs + SLACK_MS) || !this.isPast(failedAt, SLACK_MS)) return;
    const seconds = Math.round((this.#scene.world.now.at - since) / 1000);
    this.#scene.fail("ring", `${this.#scene.callNamed(callId)} has been ringing for ${seconds} s`);
  }

  /** A call ends with either of its two sessions. A ring ends with the callee's last session. */
  #checkSessions(call: PastCall): void {
    const { registry } = this.#node.service;
    const isOpen = (sessionId = ""): boolean => registry.find(sessionId)?.status === "open";
    const { state, caller, callee } = call;
    const isRung = registry.ofUser(callee.userId).some(({ status }) => status === "open");
    if (isOpen(caller.sessionId) && (state === "ringing" ? isRung : isOpen(callee.sessionId))) {
      this.#goneSince.delete(call);
      return;
    }
    const since = this.#goneSince.get(call) ?? this.#scene.world.now.at;
    this.#goneSince.set(call, since);
    this.#scene.count("check", "a call without a session");
    const { way, callsWay } = this.#node.store;
    const failedAt = Math.max(way.failedAt, callsWay.failedAt);
    if (!this.isPast(since, SLACK_MS) || !this.isPast(failedAt, SLACK_MS)) return;
    this.#scene.fail("stuck", `${this.#scene.callNamed(call.callId)} is ${state}, but one of its sessions has gone`);
  }

  /** The users of live calls are busy, and nobody else is. */
  #checkGauges(): void {
    const { calls, service } = this.#node;
    const { registry, sources, telephony } = service;
    const there = { ringing: 0, active: 0 };
    const busy = new Set<string>();
    for (const { state, caller, callee } of calls.live) {
      if (state !== "over") there[state] += 1;
      for (const { userId } of [caller, callee]) if (registry.ofUser(userId).length > 0) busy.add(userId);
    }
    const shown = sources.calls();
    this.#scene.count("check", calls.live.size > 0 ? "gauges of calls" : "gauges of no calls");
    const what = `${shown.ringing} ringing, ${shown.active} active calls and ${telephony.known.busyUsers} busy users`;
    const really = `${there.ringing} ringing, ${there.active} active calls and ${busy.size} busy users`;
    if (what !== really) this.#scene.fail("status", `${what} are shown, ${really} there are`);
  }
}
