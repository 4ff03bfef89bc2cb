/**
 * A process that measures two ways to find ghosts among many sessions: the service's expiry lists, and the usual scan of the
 * whole Map. Both find the same sessions.
 */
import { answer } from "../harness/ask.js";
import type { Session } from "../../src/session/session.js";
import { HandClock } from "../../test/support/hand-clock.js";
import { openSessions, POLICY, type OpenSessions } from "./sessions.js";

/** Medians; passes in microseconds, `heard` in nanoseconds. */
export interface ExpiryResult {
  scan: number;
  idle: number;
  advance: number;
  advanceNothingDue: number;
  note: number;
  heard: number;
}

export type ExpiryCommands = {
  measure(setting: { sessions: number; ghosts: number }): ExpiryResult;
};

const ROUNDS = 41;

const commands: ExpiryCommands = {
  measure({ sessions, ghosts }) {
    const clock = new HandClock();
    const filled = openSessions(clock, sessions, ghosts);
    const quiet = openSessions(new HandClock(), sessions, 0);
    assertSameGhosts(filled, clock, ghosts);
    const order = shuffled([...quiet.byId.keys()]);
    const inOrder = order.map((id) => quiet.byId.get(id)).filter((session) => session !== undefined);
    const samples: Record<keyof ExpiryResult, number[]> = {
      scan: [],
      idle: [],
      advance: [],
      advanceNothingDue: [],
      note: [],
      heard: [],
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      samples.scan.push(micros(() => scan(filled.byId, clock.mono())));
      samples.idle.push(micros(() => filled.liveness.idle()));
      samples.advance.push(micros(() => filled.liveness.advance()));
      samples.advanceNothingDue.push(micros(() => quiet.liveness.advance()));
      samples.note.push((micros(() => note(quiet.byId, order)) * 1000) / sessions);
      samples.heard.push((micros(() => hear(quiet, inOrder)) * 1000) / sessions);
    }
    return {
      scan: median(samples.scan),
      idle: median(samples.idle),
      advance: median(samples.advance),
      advanceNothingDue: median(samples.advanceNothingDue),
      note: median(samples.note),
      heard: median(samples.heard),
    };
  },
};

/** The sweep as it is usually written. */
function scan(sessions: ReadonlyMap<string, Session>, now: number): Session[] {
  const ghosts: Session[] = [];
  for (const session of sessions.values()) {
    if (now - session.evidence.lastSeen >= POLICY.idleTimeoutMs) ghosts.push(session);
  }
  return ghosts;
}

/** The bookkeeping that goes with such a sweep. */
function note(sessions: ReadonlyMap<string, Session>, order: readonly string[]): void {
  for (const id of order) {
    const session = sessions.get(id);
    if (session) session.evidence.lastSeen = performance.now();
  }
}

function hear({ liveness }: OpenSessions, order: readonly Session[]): void {
  for (const session of order) liveness.heard(session);
}

function assertSameGhosts(filled: OpenSessions, clock: HandClock, ghosts: number): void {
  const found = [scan(filled.byId, clock.mono()), filled.liveness.idle(), filled.liveness.advance()];
  const counts = found.map((sessions) => sessions.length);
  if (counts.some((count) => count !== ghosts)) throw new Error(`ghosts found: ${counts.join(", ")} of ${ghosts}`);
}

function micros(run: () => unknown): number {
  const startedAt = performance.now();
  run();
  return (performance.now() - startedAt) * 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** In a random order that is the same each time (a linear congruential generator, Numerical Recipes). */
function shuffled<T>(items: readonly T[]): T[] {
  let state = 1;
  const keyed = items.map((item) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return { item, key: state };
  });
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}

answer(commands);
