/**
 * Ways to break the service on purpose, at least one for each invariant. A simulation that does not notice them proves nothing.
 */
import type { Clock } from "../../src/kernel/clock.js";
import type { LeaveReason } from "@lastseen/protocol";
import { MemoryCalls } from "../../src/memory/memory-calls.js";
import { Rooms } from "../../src/room/rooms.js";
import type { NewCall } from "../../src/ports/call-store.js";
import type { SessionConnection } from "../../src/session/session-connection.js";
import type { Identity, Session } from "../../src/session/session.js";
import { Sessions } from "../../src/session/sessions.js";
import { VirtualTime } from "../../src/kernel/virtual-time.js";
import type { Invariant } from "./checks/scene.js";
import type { NodeVariants } from "./service/node.js";

/** Else two parts of the service could hand the session to each other for ever, and no run would end. */
const MOST_CLAIMS = 5;

/** Whoever wants to may clean up: nothing marks the session as claimed. */
class WithoutClaim extends Sessions {
  override open(identity: Identity, tabId: string, connection: SessionConnection): Session {
    const session = super.open(identity, tabId, connection);
    let claims = 0;
    session.claim = () => ++claims <= MOST_CLAIMS;
    // Whatever ends is out of all lists at last, or the watch would go through them for ever.
    const markEnded = session.markEnded.bind(session);
    session.markEnded = () => {
      markEnded();
      session.expiry.remove();
    };
    return session;
  }
}

/** Whoever once had the session may go on acting for it. */
class WithoutEpochs extends Sessions {
  override open(identity: Identity, tabId: string, connection: SessionConnection): Session {
    const session = super.open(identity, tabId, connection);
    session.isOwnedBy = () => session.status === "open";
    session.assertOwnedBy = () => {};
    return session;
  }
}

/** Leaving a second time does everything a second time. */
class LeavingTwice extends Rooms {
  override leave(roomId: string, session: Session, reason: LeaveReason): void {
    super.leave(roomId, session, reason);
    const room = this.find(roomId);
    if (!room) return;
    room.members.set(session.id, session);
    super.leave(roomId, session, reason);
  }
}

/** A pause of the process counts against the clients. */
class WithoutCredit extends VirtualTime {
  readonly #clock: Clock;
  readonly #startedAt: number;

  constructor(clock: Clock, longestStepMs: number) {
    super(clock, longestStepMs);
    this.#clock = clock;
    this.#startedAt = clock.mono();
  }

  override now(): number {
    return this.#clock.mono() - this.#startedAt;
  }

  override tick(): number {
    return 0;
  }
}

/** The wall clock decides, which people and machines set. */
class OnTheWallClock extends VirtualTime {
  constructor(clock: Clock, longestStepMs: number) {
    super({ ...fixed(clock), mono: () => clock.wall() }, longestStepMs);
  }
}

/** Time that has an errand of its own and never ends it. */
class WithAnErrand extends VirtualTime {
  constructor(clock: Clock, longestStepMs: number) {
    super(clock, longestStepMs);
    const again = (): void => void clock.after(60_000, again);
    again();
  }
}

/** A number that is counted up and down, and not at every door. */
class CountingRooms extends Rooms {
  #count = 0;

  override get participantCount(): number {
    return this.#count;
  }

  override enter(...entry: Parameters<Rooms["enter"]>): ReturnType<Rooms["enter"]> {
    this.#count += 1;
    return super.enter(...entry);
  }

  override leave(roomId: string, session: Session, reason: LeaveReason): void {
    super.leave(roomId, session, reason);
    if (reason !== "kicked") this.#count -= 1;
  }
}

/** Whoever is in a call is marked as busy, and the mark is taken away by whoever hangs up, and by nobody else. */
class BusyFlags extends MemoryCalls {
  readonly #busy = new Set<string>();

  override async start(...[call, ringMs]: Parameters<MemoryCalls["start"]>): ReturnType<MemoryCalls["start"]> {
    const outcome = await super.start(call, ringMs);
    const { caller, callee } = call;
    if (outcome.kind !== "ringing") return outcome;
    if (this.#busy.has(callee.userId)) {
      await super.finish(call.callId, {});
      return { kind: "callee_busy", lapsed: outcome.lapsed };
    }
    this.#busy.add(caller.userId).add(callee.userId);
    return outcome;
  }

  override async finish(...[callId, condition]: Parameters<MemoryCalls["finish"]>): ReturnType<MemoryCalls["finish"]> {
    const outcome = await super.finish(callId, condition);
    if (outcome.kind === "finished" && condition.session !== undefined) {
      for (const { userId } of [outcome.call.caller, outcome.call.callee]) this.#busy.delete(userId);
    }
    return outcome;
  }
}

/** A ring has no end of its own, and whoever is rung is counted on to answer. */
class EndlessRings extends MemoryCalls {
  override start(call: NewCall): ReturnType<MemoryCalls["start"]> {
    return super.start(call, 24 * 60 * 60_000);
  }
}

/** Nothing ends a call that was answered. */
class CallsForEver extends MemoryCalls {
  override finish(...[callId, condition]: Parameters<MemoryCalls["finish"]>): ReturnType<MemoryCalls["finish"]> {
    const { session } = condition;
    return super.finish(callId, session === undefined ? condition : { ...condition, state: "ringing" });
  }
}

function fixed(clock: Clock): Clock {
  return {
    mono: () => clock.mono(),
    wall: () => clock.wall(),
    after: (delayMs, run) => clock.after(delayMs, run),
    pollPhase: () => clock.pollPhase(),
  };
}

export interface Mutation {
  readonly variants: NodeVariants;
  /** Invariants of which it breaks one. */
  readonly breaks: readonly Invariant[];
}

/** What each mutation puts in the place of what, by its name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "no claim": { variants: { Sessions: WithoutClaim }, breaks: ["V5", "V6"] },
  "wall clock": { variants: { VirtualTime: OnTheWallClock }, breaks: ["V2", "V3"] },
  "no stall credit": { variants: { VirtualTime: WithoutCredit }, breaks: ["V2"] },
  "no epoch check": { variants: { Sessions: WithoutEpochs }, breaks: ["V1", "V2", "V5"] },
  "double leave": { variants: { Rooms: LeavingTwice }, breaks: ["V4"] },
  "drifting gauge": { variants: { Rooms: CountingRooms }, breaks: ["V6"] },
  "endless timer": { variants: { VirtualTime: WithAnErrand }, breaks: ["V7"] },
  "busy as a flag": { variants: { CallStore: BusyFlags }, breaks: ["status"] },
  "ring without an end": { variants: { CallStore: EndlessRings }, breaks: ["ring"] },
  "calls without an end": { variants: { CallStore: CallsForEver }, breaks: ["stuck", "agreement"] },
};
