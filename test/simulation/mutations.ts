/**
 * Faults that a test puts into the service, at least one for each invariant. The simulation must notice each of them.
 */
import type { Clock } from "../../src/kernel/clock.js";
import type { LeaveReason } from "@lastseen/protocol";
import { MemoryCalls } from "../../src/memory/memory-calls.js";
import { Rooms } from "../../src/room/rooms.js";
import type { EndCondition, NewCall } from "../../src/ports/call-store.js";
import type { SessionConnection } from "../../src/session/session-connection.js";
import type { Identity, Session } from "../../src/session/session.js";
import { WATCH_INTERVAL_MS } from "../../src/composition/loops.js";
import type { Visibility } from "../../src/session/evidence.js";
import { Liveness } from "../../src/session/liveness.js";
import { ProbePace } from "../../src/session/probe-pace.js";
import { Sessions } from "../../src/session/sessions.js";
import { VirtualTime } from "../../src/kernel/virtual-time.js";
import type { Invariant } from "./checks/scene.js";
import type { NodeVariants } from "./service/node.js";

/** Without a limit two parts of the service could pass the session to each other without end, and no run would end. */
const MOST_CLAIMS = 5;

/** Every part of the service may clean up a session at any time, because nothing marks the session as claimed. */
class WithoutClaim extends Sessions {
  override open(identity: Identity, tabId: string, connection: SessionConnection): Session {
    const session = super.open(identity, tabId, connection);
    let claims = 0;
    session.claim = () => ++claims <= MOST_CLAIMS;
    // An ended session leaves its expiry list here. Otherwise the watch would never finish.
    const markEnded = session.markEnded.bind(session);
    session.markEnded = () => {
      markEnded();
      session.expiry.remove();
    };
    return session;
  }
}

/** A socket that has owned the session once may continue to act for it. */
class WithoutEpochs extends Sessions {
  override open(identity: Identity, tabId: string, connection: SessionConnection): Session {
    const session = super.open(identity, tabId, connection);
    session.isOwnedBy = () => session.status === "open";
    session.assertOwnedBy = () => {};
    return session;
  }
}

/** A session leaves its room twice, and the service announces it twice. */
class LeavingTwice extends Rooms {
  override leave(roomId: string, session: Session, reason: LeaveReason): void {
    super.leave(roomId, session, reason);
    const room = this.find(roomId);
    if (!room) return;
    room.members.set(session.id, session);
    room.listed.set(session.id, session);
    super.leave(roomId, session, reason);
  }
}

/** The members of a large room are not told what has changed before somebody leaves. */
class LosingBatches extends Rooms {
  override leave(roomId: string, session: Session, reason: LeaveReason): void {
    super.leave(roomId, session, reason);
    const room = this.find(roomId);
    room?.untold?.timer.cancel();
    if (room) room.untold = undefined;
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

/** Deadlines follow the wall clock, which people and time servers change. */
class OnTheWallClock extends VirtualTime {
  constructor(clock: Clock, longestStepMs: number) {
    super({ ...fixed(clock), mono: () => clock.wall() }, longestStepMs);
  }
}

/** Starts a timer that sets itself again without end. */
class WithEndlessTimer extends VirtualTime {
  constructor(clock: Clock, longestStepMs: number) {
    super(clock, longestStepMs);
    const again = (): void => void clock.after(60_000, again);
    again();
  }
}

/** A participant count that is not reduced when somebody is kicked. */
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

/** The users of a call are marked as busy. Only hanging up removes the mark; no other end of a call does. */
class BusyFlags extends MemoryCalls {
  readonly #busy = new Set<string>();

  override async start(...[call, ringMs]: Parameters<MemoryCalls["start"]>): ReturnType<MemoryCalls["start"]> {
    const outcome = await super.start(call, ringMs);
    const { caller, callee } = call;
    if (outcome.kind !== "ringing") return outcome;
    if (this.#busy.has(callee.userId)) {
      await super.finish(call.callId, { state: "any", by: "anybody" });
      return { kind: "callee_busy", lapsed: outcome.lapsed };
    }
    this.#busy.add(caller.userId).add(callee.userId);
    return outcome;
  }

  override async finish(...[callId, condition]: Parameters<MemoryCalls["finish"]>): ReturnType<MemoryCalls["finish"]> {
    const outcome = await super.finish(callId, condition);
    if (outcome.kind === "finished" && isBySession(condition)) {
      for (const { userId } of [outcome.call.caller, outcome.call.callee]) this.#busy.delete(userId);
    }
    return outcome;
  }
}

/** A ring lasts a day, so nothing ends it when nobody answers or cancels. */
class EndlessRings extends MemoryCalls {
  override start(call: NewCall): ReturnType<MemoryCalls["start"]> {
    return super.start(call, 24 * 60 * 60_000);
  }
}

/** Nothing ends a call that was answered. */
class CallsForEver extends MemoryCalls {
  override finish(...[callId, condition]: Parameters<MemoryCalls["finish"]>): ReturnType<MemoryCalls["finish"]> {
    return super.finish(callId, isBySession(condition) ? { ...condition, state: "ringing" } : condition);
  }
}

/** Nobody is asked often, whoever would see it. */
class WithoutProbes extends ProbePace {
  override get pingMs(): number {
    return Infinity;
  }

  override get probeMs(): number {
    return Infinity;
  }
}

/** Each tick that comes late is credited, and not only a stop of the process. */
class WithCreditForAll extends VirtualTime {
  constructor(clock: Clock) {
    super(clock, WATCH_INTERVAL_MS);
  }
}

/** A page that says that it is being frozen is not believed. */
class WithoutFrozen extends Liveness {
  override declaredVisibility(session: Session, visibility: Visibility): void {
    super.declaredVisibility(session, visibility === "frozen" ? "hidden" : visibility);
  }
}

function isBySession({ by }: EndCondition): boolean {
  return by !== "anybody" && "session" in by;
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
  /** The mutation breaks one of these invariants. */
  readonly breaks: readonly Invariant[];
  /** Simulated minutes of each seed, when fewer than usual are enough: what breaks at the end breaks in a short run too. */
  readonly minutes?: number;
  /** The seed with which the test begins, when the first ones need long to notice the mutation. */
  readonly from?: number;
}

/** All mutations by name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "no claim": { variants: { Sessions: WithoutClaim }, breaks: ["V5", "V6"], minutes: 100 },
  "wall clock": { variants: { VirtualTime: OnTheWallClock }, breaks: ["V2", "V3", "V8"] },
  "no stall credit": { variants: { VirtualTime: WithoutCredit }, breaks: ["V2"] },
  "no epoch check": { variants: { Sessions: WithoutEpochs }, breaks: ["V1", "V2", "V5", "status"] },
  "double leave": { variants: { Rooms: LeavingTwice }, breaks: ["V4"] },
  "lost batch": { variants: { Rooms: LosingBatches }, breaks: ["V4"] },
  "drifting gauge": { variants: { Rooms: CountingRooms }, breaks: ["V6"] },
  "endless timer": { variants: { VirtualTime: WithEndlessTimer }, breaks: ["V7"] },
  "no probe": { variants: { ProbePace: WithoutProbes }, breaks: ["V8"] },
  "credit for every late tick": {
    variants: { VirtualTime: WithCreditForAll },
    breaks: ["V3", "V4", "V8", "V9"],
    from: 20,
  },
  "frozen ignored": { variants: { Liveness: WithoutFrozen }, breaks: ["V8"] },
  "gone as quickly as away": { variants: { policy: { resumeGraceMs: 2_000 } }, breaks: ["V2"] },
  "away before the answer": { variants: { policy: { probeAnswerMs: 40 } }, breaks: ["V9"] },
  "busy as a flag": { variants: { CallStore: BusyFlags }, breaks: ["status"] },
  "ring without an end": { variants: { CallStore: EndlessRings }, breaks: ["ring"] },
  "calls without an end": { variants: { CallStore: CallsForEver }, breaks: ["stuck", "agreement"] },
};
