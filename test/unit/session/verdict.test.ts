import { expect, test } from "vitest";
import { judge, type Cause, type Evidence, type LivenessPolicy } from "../../../src/session/verdict.js";

const policy: LivenessPolicy = {
  awayAfterMs: 45_000,
  idleTimeoutMs: 120_000,
  resumeGraceMs: 20_000,
  reloadGraceMs: 5_000,
  announceAfterMs: 1_000,
  mediaLostGraceMs: 10_000,
  probeAnswerMs: 10_000,
  pageStoppedAfterMs: 30_000,
};

const nothingElse: Evidence = {
  lastSeen: 0,
  detachedAt: undefined,
  detachKind: undefined,
  goodbyeAt: undefined,
  mediaLostAt: undefined,
  visibility: undefined,
};

type Row = [
  what: string,
  evidence: Partial<Evidence>,
  now: number,
  state: "present" | "away" | "ghost",
  cause: Cause,
  deadline: number,
];

const s = 1_000;
const lost = { detachedAt: 60 * s, detachKind: "connection_lost" as const, lastSeen: 59 * s };
const closed = { detachedAt: 60 * s, detachKind: "page_closed" as const, lastSeen: 59 * s };
const expired = { detachedAt: 60 * s, detachKind: "token_expired" as const, lastSeen: 59 * s };

const table: Row[] = [
  ["just heard", {}, 0, "present", "heard", 45 * s],
  ["silent, but not for long", {}, 44 * s, "present", "heard", 45 * s],
  ["silent for a while", {}, 45 * s, "away", "silent", 120 * s],
  ["silent up to the idle timeout", {}, 120 * s - 1, "away", "silent", 120 * s],
  ["silent for longer than the idle timeout", {}, 120 * s, "ghost", "silent", 120 * s],
  ["hidden, with a ping once a minute", { lastSeen: 60 * s, visibility: "hidden" }, 119 * s, "away", "silent", 180 * s],

  ["tab closed a moment ago", closed, 60.9 * s, "present", "heard", 61 * s],
  ["tab closed and not reloaded", closed, 61 * s, "away", "page_closed", 65 * s],
  ["tab closed for good", closed, 65 * s, "ghost", "page_closed", 65 * s],

  ["line lost a moment ago", lost, 60.5 * s, "present", "heard", 61 * s],
  ["line lost, client not back yet", lost, 70 * s, "away", "connection_lost", 80 * s],
  ["line lost for good", lost, 80 * s, "ghost", "connection_lost", 80 * s],

  ["line and media lost", { ...lost, mediaLostAt: 62 * s }, 69 * s, "away", "connection_lost", 70 * s],
  [
    "line and media lost for good",
    { ...lost, mediaLostAt: 62 * s },
    70 * s,
    "ghost",
    "connection_and_media_lost",
    70 * s,
  ],
  ["tab closed, media lost later", { ...closed, mediaLostAt: 64 * s }, 65 * s, "ghost", "page_closed", 65 * s],

  ["token expired, not renewed yet", expired, 70 * s, "away", "token_expired", 80 * s],
  ["token expired for good", expired, 80 * s, "ghost", "token_expired", 80 * s],

  ["goodbye said, socket still open", { lastSeen: 10 * s, goodbyeAt: 12 * s }, 13 * s, "away", "goodbye", 17 * s],
  ["goodbye said and nothing since", { lastSeen: 10 * s, goodbyeAt: 12 * s }, 17 * s, "ghost", "goodbye", 17 * s],
  ["goodbye said, then heard again", { lastSeen: 12.5 * s, goodbyeAt: 12 * s }, 17 * s, "present", "heard", 57.5 * s],

  ["media lost, probe not answered yet", { lastSeen: 9 * s, mediaLostAt: 10 * s }, 19 * s, "present", "heard", 20 * s],
  ["media lost, probe not answered", { lastSeen: 9 * s, mediaLostAt: 10 * s }, 20 * s, "away", "page_stopped", 40 * s],
  ["media lost, page stopped", { lastSeen: 9 * s, mediaLostAt: 10 * s }, 40 * s, "ghost", "page_stopped", 40 * s],
  ["media lost, probe answered", { lastSeen: 11 * s, mediaLostAt: 10 * s }, 40 * s, "present", "heard", 56 * s],
];

test.each(table)("%s", (_what, evidence, now, state, cause, deadline) => {
  const verdict = judge({ ...nothingElse, ...evidence }, policy, now);
  expect({ state: verdict.state, cause: verdict.cause, deadline: verdict.deadline }).toEqual({
    state,
    cause,
    deadline,
  });
});

test("a verdict holds until its deadline and changes at it", () => {
  for (const [, evidence] of table) {
    let now = 61 * s;
    for (let steps = 0; steps < 5; steps++) {
      const verdict = judge({ ...nothingElse, ...evidence }, policy, now);
      if (verdict.state === "ghost") break;
      const { state } = verdict;
      expect(judge({ ...nothingElse, ...evidence }, policy, verdict.deadline - 1).state).toBe(state);
      expect(judge({ ...nothingElse, ...evidence }, policy, verdict.deadline).state).not.toBe(state);
      now = verdict.deadline;
    }
  }
});
