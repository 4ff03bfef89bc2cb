/**
 * Calls that ring for nobody: no device of the callee is connected, or none answers any more. Whoever can wake a device is told
 * (`call_ringing`), once for each call by each node.
 *
 *     the call begins, and no device can be reached ---.
 *     a device of the callee stops to answer ----------+--> check --> call_ringing --> webhook, the application's listener
 *     the callee's last session ends ------------------'
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { CallRecord } from "../ports/call-store.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { KnownCalls } from "./known-calls.js";
import type { Presence } from "./presence.js";

/** So many calls are remembered, so that nobody is told of one of them again. */
const MOST_TOLD = 1_000;

export class OfflineRings {
  readonly #clock: Clock;
  readonly #known: KnownCalls;
  readonly #presence: Presence;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #told = new Set<string>();

  constructor(parts: { clock: Clock; known: KnownCalls; presence: Presence; events: Emitter<LifecycleEvents> }) {
    this.#clock = parts.clock;
    this.#known = parts.known;
    this.#presence = parts.presence;
    this.#events = parts.events;
  }

  /** A call rings. Its devices on this node, if there are any, may be away already. */
  async begun(call: CallRecord): Promise<void> {
    const { userId } = call.callee;
    if (this.#presence.sessionsHere(userId).length > 0) await this.#check(call);
  }

  /** A device does not answer. It may be the last one of a user who is called. */
  async away({ userId }: Session): Promise<void> {
    const rings = this.#known.ofUser(userId).filter(({ callee }) => callee.userId === userId);
    for (const call of rings) await this.#check(call);
  }

  /** A call rings, and it is known that no device of the callee can be reached. */
  forNobody(call: CallRecord): void {
    // Whoever wakes devices must not do so for a caller whom the callee has blocked.
    if (!call.ringOffline || call.hidden || this.#told.has(call.callId)) return;
    this.#told.add(call.callId);
    const [oldest] = this.#told;
    if (this.#told.size > MOST_TOLD && oldest !== undefined) this.#told.delete(oldest);
    this.#events.emit("call_ringing", { call, expiresAt: Math.round(this.#clock.wall() + call.remainingMs) });
  }

  async #check(call: CallRecord): Promise<void> {
    if (call.state !== "ringing" || !call.ringOffline) return;
    // If the directory does not answer, a device may well be connected elsewhere.
    const callee = await this.#presence.find(call.callee.userId).catch(() => ({ isReachable: true }));
    const now = this.#known.find(call.callId);
    if (!callee?.isReachable && now?.state === "ringing") this.forNobody(now);
  }
}
