import { expect, test } from "vitest";
import type { Evidence } from "../../../src/session/evidence.js";
import { judge, type Cause, type LivenessPolicy } from "../../../src/session/verdict.js";

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
  socketEnd: undefined,
  media: undefined,
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

/** Each rule alone, with when it makes an away and when a ghost. */
const rules = {
  silent: { evidence: { lastSeen: 0 }, awayAt: 45 * s, ghostAt: 120 * s },
  page_closed: { evidence: { detachedAt: 0, detachKind: "page_closed" }, awayAt: 1 * s, ghostAt: 5 * s },
  connection_lost: { evidence: { detachedAt: 0, detachKind: "connection_lost" }, awayAt: 1 * s, ghostAt: 20 * s },
  token_expired: { evidence: { detachedAt: 0, detachKind: "token_expired" }, awayAt: 1 * s, ghostAt: 20 * s },
  page_stopped: { evidence: { mediaLostAt: 0 }, awayAt: 10 * s, ghostAt: 30 * s },
  goodbye: { evidence: { goodbyeAt: 0 }, awayAt: 1 * s, ghostAt: 5 * s },
} satisfies Partial<Record<Cause, { evidence: Partial<Evidence>; awayAt: number; ghostAt: number }>>;

test.each(Object.entries(rules))("%s alone: away and ghost at its own deadlines", (cause, rule) => {
  const at = (now: number) => {
    const { state, cause: why } = judge({ ...nothingElse, ...rule.evidence }, policy, now);
    return [state, why];
  };
  expect(at(rule.awayAt - 1)).toEqual(["present", "heard"]);
  expect(at(rule.awayAt)).toEqual(["away", cause]);
  expect(at(rule.ghostAt - 1)).toEqual(["away", cause]);
  expect(at(rule.ghostAt)).toEqual(["ghost", cause]);
});

const line = (at: number, detachKind: Evidence["detachKind"] = "connection_lost") => ({ detachedAt: at, detachKind });

/**
 * Every two rules that can hold at once, each of them as the earlier one where it can be: when it is a ghost, and by which.
 * The line and media lost together are a rule of their own, `connection_and_media_lost`.
 */
const pairs: [what: string, evidence: Partial<Evidence>, ghostAt: number, cause: Cause][] = [
  ["silent before page_closed", line(119 * s, "page_closed"), 120 * s, "silent"],
  ["page_closed before silent", line(114 * s, "page_closed"), 119 * s, "page_closed"],
  ["silent before connection_lost", line(101 * s), 120 * s, "silent"],
  ["connection_lost before silent", line(99 * s), 119 * s, "connection_lost"],
  ["silent before token_expired", line(101 * s, "token_expired"), 120 * s, "silent"],
  ["token_expired before silent", line(99 * s, "token_expired"), 119 * s, "token_expired"],
  ["silent before line and media", { ...line(111 * s), mediaLostAt: 111 * s }, 120 * s, "silent"],
  ["line and media before silent", { ...line(109 * s), mediaLostAt: 1 }, 119 * s, "connection_and_media_lost"],
  ["silent before page_stopped", { mediaLostAt: 91 * s }, 120 * s, "silent"],
  ["page_stopped before silent", { mediaLostAt: 89 * s }, 119 * s, "page_stopped"],
  ["silent before goodbye", { goodbyeAt: 116 * s }, 120 * s, "silent"],
  ["goodbye before silent", { goodbyeAt: 114 * s }, 119 * s, "goodbye"],
  ["page_closed before line and media", { ...line(10 * s, "page_closed"), mediaLostAt: 1 }, 15 * s, "page_closed"],
  ["line and media before connection_lost", { ...line(10 * s), mediaLostAt: 1 }, 20 * s, "connection_and_media_lost"],
  [
    "line and media before token_expired",
    { ...line(10 * s, "token_expired"), mediaLostAt: 1 },
    20 * s,
    "connection_and_media_lost",
  ],
  ["goodbye before page_closed", { goodbyeAt: 9 * s, ...line(10 * s, "page_closed") }, 14 * s, "goodbye"],
  ["page_closed before goodbye", { goodbyeAt: 11 * s, ...line(10 * s, "page_closed") }, 15 * s, "page_closed"],
  ["goodbye before connection_lost", { goodbyeAt: 24 * s, ...line(10 * s) }, 29 * s, "goodbye"],
  ["connection_lost before goodbye", { goodbyeAt: 26 * s, ...line(10 * s) }, 30 * s, "connection_lost"],
  ["goodbye before token_expired", { goodbyeAt: 24 * s, ...line(10 * s, "token_expired") }, 29 * s, "goodbye"],
  ["token_expired before goodbye", { goodbyeAt: 26 * s, ...line(10 * s, "token_expired") }, 30 * s, "token_expired"],
  ["goodbye before line and media", { goodbyeAt: 14 * s, ...line(10 * s), mediaLostAt: 1 }, 19 * s, "goodbye"],
  [
    "line and media before goodbye",
    { goodbyeAt: 16 * s, ...line(10 * s), mediaLostAt: 1 },
    20 * s,
    "connection_and_media_lost",
  ],
  ["goodbye before page_stopped", { goodbyeAt: 34 * s, mediaLostAt: 10 * s }, 39 * s, "goodbye"],
  ["page_stopped before goodbye", { goodbyeAt: 36 * s, mediaLostAt: 10 * s }, 40 * s, "page_stopped"],
];

test.each(pairs)("%s: the earlier deadline decides, and says so", (_what, evidence, ghostAt, cause) => {
  const all = { ...nothingElse, ...evidence };
  expect(judge(all, policy, ghostAt - 1).state).not.toBe("ghost");
  expect(judge(all, policy, ghostAt)).toMatchObject({ state: "ghost", cause, deadline: ghostAt });
});

test("with the line gone, lost media says that the machine is gone, not that the page is stopped", () => {
  const evidence = { ...nothingElse, mediaLostAt: 1, ...line(60 * s, "connection_lost") };
  expect(judge(evidence, policy, 31 * s).cause).not.toBe("page_stopped");
});

test("what is only kept to be told changes no verdict", () => {
  const told: Partial<Evidence>[] = [
    { visibility: "frozen" },
    { visibility: "hidden" },
    { socketEnd: { closeCode: 1006, lastPongMono: 1 } },
    { media: { state: "connected", at: 1 } },
    { media: { state: "lost", by: "ice", at: 1 } },
    { media: { state: "reset", at: 1 } },
  ];
  for (const extra of told) {
    for (const { evidence, ghostAt, awayAt } of Object.values(rules)) {
      for (const now of [0, awayAt - 1, awayAt, ghostAt - 1, ghostAt]) {
        const plain: Evidence = { ...nothingElse, ...evidence };
        expect(judge({ ...plain, ...extra }, policy, now)).toEqual(judge(plain, policy, now));
      }
    }
  }
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
