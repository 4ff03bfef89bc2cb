/**
 * Five ways to break the service on purpose. A simulation that does not notice them proves nothing.
 */
import type { Clock } from "../../src/kernel/clock.js";
import type { LeaveReason } from "../../src/protocol/messages/index.js";
import { Rooms } from "../../src/room/rooms.js";
import type { SessionConnection } from "../../src/session/ports.js";
import type { Identity, Session } from "../../src/session/session.js";
import { Sessions } from "../../src/session/sessions.js";
import { VirtualTime } from "../../src/session/virtual-time.js";
import type { Seams } from "./service/node.js";

/** Whoever wants to may clean up: nothing marks the session as claimed. */
class WithoutClaim extends Sessions {
  override open(identity: Identity, tabId: string, connection: SessionConnection): Session {
    const session = super.open(identity, tabId, connection);
    session.claim = () => true;
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
function onTheWallClock(clock: Clock, longestStepMs: number): VirtualTime {
  const wallClock: Clock = {
    mono: () => clock.wall(),
    wall: () => clock.wall(),
    after: (delayMs, run) => clock.after(delayMs, run),
    pollPhase: () => clock.pollPhase(),
  };
  return new VirtualTime(wallClock, longestStepMs);
}

/** What each mutation replaces, by its name. */
export const MUTATIONS: Readonly<Record<string, Seams>> = {
  "no claim": { sessions: WithoutClaim },
  "wall clock instead of monotonic": { time: onTheWallClock },
  "no stall credit": { time: (clock, longestStepMs) => new WithoutCredit(clock, longestStepMs) },
  "no epoch check": { sessions: WithoutEpochs },
  "double leave": { rooms: LeavingTwice },
};
