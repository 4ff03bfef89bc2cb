import type { CallOutcome } from "../../../src/session/events.js";
import type { UserStatus } from "@lastseen/client";
import type { CallEnding } from "../people/page-calls.js";
import type { Page } from "../people/page.js";
import type { PastCall } from "../service/call-history.js";
import type { ServiceNode } from "../service/node.js";
import { SETTINGS } from "../service/settings.js";
import type { Calls } from "./calls.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** A page may differ from the service for this time while nothing is under way to it. By then the client has asked again. */
const REPAIRED_WITHIN_MS = 6_000;
/** The reasons that pages may show for each outcome of a call. */
const REASONS: Record<Exclude<CallOutcome, "busy" | "offline">, readonly string[]> = {
  // A caller who cancels a call that was answered a moment before hangs up.
  ended: ["hangup", "cancelled"],
  declined: ["declined", "declined_elsewhere"],
  timeout: ["timeout"],
  cancelled: ["cancelled", "caller_cancelled"],
  disconnected: ["disconnected", "kicked", "caller_disconnected", "callee_disconnected", "caller_cancelled"],
};

/** Checks that pages show the calls that exist, and that all pages that can be reached show the same reason for an end. */
export class CallViews {
  readonly #scene: Scene;
  readonly #node: ServiceNode;
  readonly #ledger: Ledger;
  readonly #calls: Calls;
  readonly #differsSince = new Map<string, number>();
  /** The versions, of the page and of the calls, at which the page was last found right. */
  readonly #right = new WeakMap<Page, { page: number; there: number }>();
  readonly #outcomes = new Map<string, CallOutcome>();
  /** Ends that pages have seen and that the check has not compared yet. */
  #endings: (CallEnding & { readonly at: number })[] = [];

  constructor(scene: Scene, parts: { node: ServiceNode; ledger: Ledger; calls: Calls }) {
    this.#scene = scene;
    this.#node = parts.node;
    this.#ledger = parts.ledger;
    this.#calls = parts.calls;
    parts.node.service.lifecycle.on("call_finished", ({ callId, outcome }) => this.#outcomes.set(callId, outcome));
  }

  /** A page has seen the end of a call. */
  ended(ending: CallEnding): void {
    if (this.#node.calls.calls.has(ending.callId)) this.#endings.push({ ...ending, at: this.#scene.world.now.at });
  }

  /** Runs every second. */
  check(): void {
    if (this.#node.loop.isStopped) return;
    this.#compareEndings();
    if (!this.#calls.isSettled) {
      this.#differsSince.clear();
      return;
    }
    for (const page of this.#scene.pages) {
      if (!page.calls || this.#isAsBefore(page)) continue;
      if (page.connected && page.isQuiet) this.#compare(page);
      else this.#forget(page);
    }
  }

  #isAsBefore(page: Page): boolean {
    const right = this.#right.get(page);
    return right !== undefined && right.page === page.calls?.version && right.there === this.#calls.version;
  }

  #compare(page: Page): void {
    const sessionId = page.client.session?.sessionId ?? "";
    const session = this.#node.service.registry.find(sessionId);
    if (!session || this.#ledger.owners.get(sessionId)?.socket.page.tasks !== page) return;
    const call = this.#callOf(sessionId, page.userId);
    const { current, statuses } = page.client.calls;
    let isRight = true;
    if (call && this.#isOverdue(call)) isRight = false;
    else {
      this.#scene.count("check", call ? "agreement about a call" : "agreement about no call");
      isRight = this.#expect("agreement", page.name, this.#show(current), this.#show(call));
    }
    for (const [userId, status] of statuses) {
      const naming = this.#node.calls.naming(userId);
      // A client whose timers run once a minute takes long to repeat a request.
      if (page.throttled || (naming && this.#isOverdue(naming))) {
        isRight = false;
        continue;
      }
      this.#scene.count("check", `status: ${status}`);
      if (!this.#expect("status", `${page.name} of ${userId}`, status, this.#statusOf(userId))) isRight = false;
    }
    if (isRight) this.#right.set(page, { page: page.calls?.version ?? 0, there: this.#calls.version });
  }

  /** The call that this session is in, or that rings there. */
  #callOf(sessionId: string, userId: string): PastCall | undefined {
    const call = this.#node.calls.naming(userId);
    const { caller, callee, state } = call ?? {};
    if (caller?.sessionId === sessionId || callee?.sessionId === sessionId) return call;
    return state === "ringing" && callee?.userId === userId ? call : undefined;
  }

  #statusOf(userId: string): UserStatus {
    if (this.#node.calls.naming(userId)) return "busy";
    const isThere = this.#node.service.registry.ofUser(userId).some(({ status }) => status === "open");
    return isThere ? "available" : "offline";
  }

  /** Whether the time of a ring is up and nobody has removed it yet. Then some pages show it as over, others do not. */
  #isOverdue({ state, since }: PastCall): boolean {
    return state === "ringing" && this.#scene.world.now.at >= since + SETTINGS.ringMs;
  }

  #show(call: { callId: string; state: string } | undefined): string {
    return call ? `${this.#scene.callNamed(call.callId)} ${call.state}` : "no call";
  }

  /** Returns whether `shown` equals `there`. */
  #expect(invariant: "agreement" | "status", who: string, shown: string, there: string): boolean {
    const key = `${invariant} ${who}`;
    if (shown === there) {
      this.#differsSince.delete(key);
      return true;
    }
    const since = this.#differsSince.get(key) ?? this.#scene.world.now.at;
    this.#differsSince.set(key, since);
    if (this.#calls.isPast(since, REPAIRED_WITHIN_MS)) {
      this.#scene.fail(invariant, `${who} shows ${shown}, but there is ${there}`);
    }
    return false;
  }

  #forget({ name }: Page): void {
    for (const key of this.#differsSince.keys()) {
      const [, who] = key.split(" ");
      if (who === name) this.#differsSince.delete(key);
    }
  }

  /** When the end of a call has been counted, every page must have shown a reason that fits the outcome. */
  #compareEndings(): void {
    const { fail, count, callNamed, world } = this.#scene;
    const endings = this.#endings;
    this.#endings = [];
    for (const ending of endings) {
      const { page, callId, reason, isUntold } = ending;
      const call = this.#node.calls.calls.get(callId);
      const outcome = this.#outcomes.get(callId);
      if (!call || call.state !== "over" || !outcome) {
        if (world.now.at - ending.at < 5 * 60_000) this.#endings.push(ending);
        continue;
      }
      if (this.#node.store.callsWay.failedAt >= call.startedAt) continue;
      const isOwnClock = reason === "timeout" && ending.at >= call.startedAt + SETTINGS.ringMs;
      const isElsewhere = reason === "answered_elsewhere" && call.wasAnswered;
      const names = outcome === "busy" || outcome === "offline" ? [] : REASONS[outcome];
      count("check", `end: ${reason}`);
      if (reason === "lost" || isUntold || isOwnClock || isElsewhere || names.includes(reason)) continue;
      fail("agreement", `${callNamed(callId)} is ${outcome}, but to ${page.name} it is over with: ${reason}`);
    }
  }
}
