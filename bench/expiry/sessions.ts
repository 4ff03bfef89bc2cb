import { Emitter } from "../../src/kernel/emitter.js";
import { Liveness } from "../../src/session/liveness.js";
import { ProbePace } from "../../src/session/probe-pace.js";
import type { SessionConnection } from "../../src/session/session-connection.js";
import { ResumeToken } from "../../src/session/resume-token.js";
import { Session } from "../../src/session/session.js";
import { VirtualTime } from "../../src/kernel/virtual-time.js";
import type { LifecycleEvents } from "../../src/session/events.js";
import type { LivenessPolicy } from "../../src/session/verdict.js";
import type { HandClock } from "../../test/support/hand-clock.js";

/** The service's policy with its default settings. */
export const POLICY: LivenessPolicy = {
  awayAfterMs: 45_000,
  idleTimeoutMs: 120_000,
  resumeGraceMs: 20_000,
  reloadGraceMs: 5_000,
  announceAfterMs: 1_000,
  probeAnswerMs: 10_000,
  unawareMs: 45_000,
  mediaAnswerMs: 3_000,
};
const HEARTBEAT_INTERVAL_MS = 30_000;

const connection: SessionConnection = { send() {}, sendEvent() {}, demandPong() {}, paceChanged() {}, close() {} };

/** The sessions of one node in the expiry lists of the service, without sockets. */
export interface OpenSessions {
  liveness: Liveness;
  byId: ReadonlyMap<string, Session>;
}

/**
 * Sessions that were heard at even distances within the last heartbeat interval, `ghosts` of them silent for longer than
 * the idle timeout and as many with a page that closed longer ago than it may take to reload.
 */
export function openSessions(clock: HandClock, count: number, ghosts: number): OpenSessions {
  // No limit to a step: here nobody ticks.
  const time = new VirtualTime(clock, Infinity);
  const events = new Emitter<LifecycleEvents>((error) => {
    throw error;
  });
  const pace = new ProbePace({ pingMs: 3_000, probeMs: 10_000, silenceMs: 3_000 }, 2_000);
  const liveness = new Liveness({ clock, time, policy: POLICY, pace, events });
  const byId = new Map<string, Session>();
  const open = (): Session => {
    const index = byId.size;
    const session = new Session({
      id: `session-${index}`,
      identity: { userId: `user-${index}`, name: `User ${index}`, rooms: undefined, calls: true, expiresAt: Infinity },
      tabId: `tab-${index}`,
      openedAt: clock.wall(),
      now: time.now(),
      mono: clock.mono(),
      connection,
      epoch: 1,
      resumeToken: ResumeToken.create(),
    });
    byId.set(session.id, session);
    liveness.heard(session);
    return session;
  };

  for (let index = 0; index < ghosts; index += 1) open();
  clock.advance(POLICY.idleTimeoutMs - HEARTBEAT_INTERVAL_MS);
  const gone = Array.from({ length: ghosts }, open);
  const live = count - 2 * ghosts;
  for (let index = 0; index < live; index += 1) {
    clock.advance(HEARTBEAT_INTERVAL_MS / live);
    open();
  }
  for (const session of gone) liveness.detached(session, { kind: "page_closed" });
  clock.advance(POLICY.reloadGraceMs + 1);
  liveness.advance();
  return { liveness, byId };
}
