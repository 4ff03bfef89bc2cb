import { expect, test } from "vitest";
import type { Cause, GhostCause } from "@lastseen/protocol";
import { firstEvidence, type DetachKind, type Evidence, type SocketEnd } from "../../../src/session/evidence.js";
import { judge, type LivenessPolicy } from "../../../src/session/verdict.js";

const policy: LivenessPolicy = {
  awayAfterMs: 45_000,
  idleTimeoutMs: 120_000,
  resumeGraceMs: 20_000,
  reloadGraceMs: 5_000,
  announceAfterMs: 1_000,
  probeAnswerMs: 10_000,
  unawareMs: 45_000,
  mediaAnswerMs: 3_000,
};

const nothingElse: Evidence = firstEvidence(0);

type Row = [
  what: string,
  evidence: Partial<Evidence>,
  now: number,
  state: "present" | "away" | "ghost",
  cause: Cause,
  deadline: number,
];

const s = 1_000;
const ended = (at: number, kind: DetachKind = "connection_lost"): { socketEnd: SocketEnd } => ({
  socketEnd: { at, kind },
});
const lost = { ...ended(60 * s), lastSeen: 59 * s };
const closed = { ...ended(60 * s, "page_closed"), lastSeen: 59 * s };
const expired = { ...ended(60 * s, "token_expired"), lastSeen: 59 * s };
const adopted = { ...ended(60 * s, "node_lost"), lastSeen: 60 * s };

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

  ["connection lost a moment ago", lost, 60.5 * s, "present", "heard", 61 * s],
  ["connection lost, client not back yet", lost, 70 * s, "away", "connection_lost", 80 * s],
  ["connection lost for good", lost, 80 * s, "ghost", "connection_lost", 80 * s],

  ["connection lost, media lost later", { ...lost, mediaLostAt: 62 * s }, 70 * s, "away", "connection_lost", 80 * s],
  ["connection lost after a silence", { ...lost, socketSilentAt: 58 * s }, 60 * s, "present", "heard", 61 * s],

  ["socket silent", { lastSeen: 9 * s, socketSilentAt: 15 * s }, 15 * s, "away", "connection_lost", 35 * s],
  [
    "unaware",
    { lastSeen: 9 * s, socketSilentAt: 15 * s, unawareUntil: 54 * s },
    73 * s,
    "away",
    "connection_lost",
    74 * s,
  ],
  ["socket silent for good", { lastSeen: 9 * s, socketSilentAt: 15 * s }, 35 * s, "ghost", "connection_lost", 35 * s],

  ["tab closed, media lost later", { ...closed, mediaLostAt: 64 * s }, 65 * s, "ghost", "page_closed", 65 * s],

  ["reload that takes long, held in time", { ...closed, heldAt: 62 * s }, 79 * s, "away", "page_closed", 80 * s],
  ["held before its page was closed", { ...closed, heldAt: 56 * s }, 79 * s, "away", "page_closed", 80 * s],
  ["held long before its page was closed", { ...closed, heldAt: 54 * s }, 65 * s, "ghost", "page_closed", 65 * s],
  ["held, after a goodbye", { lastSeen: 10 * s, goodbyeAt: 12 * s, heldAt: 13 * s }, 31 * s, "away", "goodbye", 32 * s],

  ["probed, may still answer", { lastSeen: 0, askedAt: 10 * s }, 19 * s, "present", "heard", 20 * s],
  ["probed, has not answered", { lastSeen: 0, askedAt: 10 * s }, 20 * s, "away", "silent", 120 * s],
  [
    "probed shortly before it would be away anyway",
    { lastSeen: 0, askedAt: 40 * s },
    45 * s,
    "away",
    "silent",
    120 * s,
  ],

  ["frozen a moment ago", { lastSeen: 9 * s, frozenAt: 9 * s }, 9.9 * s, "present", "heard", 10 * s],
  ["frozen", { lastSeen: 9 * s, frozenAt: 9 * s }, 10 * s, "away", "page_frozen", 129 * s],
  [
    "frozen for longer than the idle timeout",
    { lastSeen: 9 * s, frozenAt: 9 * s },
    129 * s,
    "ghost",
    "silent",
    129 * s,
  ],
  ["frozen, then heard again", { lastSeen: 20 * s, frozenAt: 9 * s }, 21 * s, "present", "heard", 65 * s],

  ["token expired, not renewed yet", expired, 70 * s, "away", "token_expired", 80 * s],
  ["token expired for good", expired, 80 * s, "ghost", "token_expired", 80 * s],

  ["its node died, client not here yet", adopted, 70 * s, "away", "node_lost", 80 * s],
  ["its node died, client never came", adopted, 80 * s, "ghost", "node_lost", 80 * s],

  ["goodbye said, socket still open", { lastSeen: 10 * s, goodbyeAt: 12 * s }, 13 * s, "away", "goodbye", 17 * s],
  ["goodbye said and nothing since", { lastSeen: 10 * s, goodbyeAt: 12 * s }, 17 * s, "ghost", "goodbye", 17 * s],
  ["goodbye said, then heard again", { lastSeen: 12.5 * s, goodbyeAt: 12 * s }, 17 * s, "present", "heard", 57.5 * s],

  ["media lost, probe not answered yet", { lastSeen: 9 * s, mediaLostAt: 10 * s }, 12 * s, "present", "heard", 13 * s],
  ["media lost, probe not answered", { lastSeen: 9 * s, mediaLostAt: 10 * s }, 13 * s, "away", "page_stopped", 30 * s],
  ["media lost, page stopped", { lastSeen: 9 * s, mediaLostAt: 10 * s }, 30 * s, "ghost", "page_stopped", 30 * s],
  [
    "media silent, probe not answered",
    { lastSeen: 9 * s, mediaSilentAt: 10 * s },
    13 * s,
    "away",
    "page_stopped",
    30 * s,
  ],
  ["media silent, then lost", { mediaSilentAt: 4 * s, mediaLostAt: 10 * s }, 24 * s, "ghost", "page_stopped", 24 * s],
  [
    "media silent and answered, then lost",
    { lastSeen: 5 * s, mediaSilentAt: 4 * s, mediaLostAt: 10 * s },
    13 * s,
    "away",
    "page_stopped",
    30 * s,
  ],
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

/** Each rule alone: when the session becomes away, and when a ghost. A frozen page becomes a ghost by its silence. */
const rules = {
  silent: { evidence: { lastSeen: 0 }, awayAt: 45 * s, ghostAt: 120 * s },
  page_closed: { evidence: ended(0, "page_closed"), awayAt: 1 * s, ghostAt: 5 * s },
  connection_lost: { evidence: ended(0, "connection_lost"), awayAt: 1 * s, ghostAt: 20 * s },
  token_expired: { evidence: ended(0, "token_expired"), awayAt: 1 * s, ghostAt: 20 * s },
  node_lost: { evidence: ended(0, "node_lost"), awayAt: 1 * s, ghostAt: 20 * s },
  page_stopped: { evidence: { mediaLostAt: 0 }, awayAt: 3 * s, ghostAt: 20 * s },
  goodbye: { evidence: { goodbyeAt: 0 }, awayAt: 1 * s, ghostAt: 5 * s },
} satisfies Record<
  Exclude<GhostCause, "page_frozen">,
  { evidence: Partial<Evidence>; awayAt: number; ghostAt: number }
>;

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

/**
 * Every two rules that can hold at once, each of them as the earlier one where that is possible: when the session becomes a
 * ghost, and by which rule.
 */
const pairs: [what: string, evidence: Partial<Evidence>, ghostAt: number, cause: Cause][] = [
  ["silent before page_closed", ended(119 * s, "page_closed"), 120 * s, "silent"],
  ["page_closed before silent", ended(114 * s, "page_closed"), 119 * s, "page_closed"],
  ["silent before connection_lost", ended(101 * s), 120 * s, "silent"],
  ["connection_lost before silent", ended(99 * s), 119 * s, "connection_lost"],
  ["silent before token_expired", ended(101 * s, "token_expired"), 120 * s, "silent"],
  ["token_expired before silent", ended(99 * s, "token_expired"), 119 * s, "token_expired"],
  ["silent before page_stopped", { mediaLostAt: 101 * s }, 120 * s, "silent"],
  ["page_stopped before silent", { mediaLostAt: 99 * s }, 119 * s, "page_stopped"],
  ["silent before goodbye", { goodbyeAt: 116 * s }, 120 * s, "silent"],
  ["goodbye before silent", { goodbyeAt: 114 * s }, 119 * s, "goodbye"],
  ["goodbye before page_closed", { goodbyeAt: 9 * s, ...ended(10 * s, "page_closed") }, 14 * s, "goodbye"],
  ["page_closed before goodbye", { goodbyeAt: 11 * s, ...ended(10 * s, "page_closed") }, 15 * s, "page_closed"],
  ["goodbye before connection_lost", { goodbyeAt: 24 * s, ...ended(10 * s) }, 29 * s, "goodbye"],
  ["connection_lost before goodbye", { goodbyeAt: 26 * s, ...ended(10 * s) }, 30 * s, "connection_lost"],
  ["goodbye before token_expired", { goodbyeAt: 24 * s, ...ended(10 * s, "token_expired") }, 29 * s, "goodbye"],
  ["token_expired before goodbye", { goodbyeAt: 26 * s, ...ended(10 * s, "token_expired") }, 30 * s, "token_expired"],
  ["goodbye before page_stopped", { goodbyeAt: 24 * s, mediaLostAt: 10 * s }, 29 * s, "goodbye"],
  ["page_stopped before goodbye", { goodbyeAt: 26 * s, mediaLostAt: 10 * s }, 30 * s, "page_stopped"],
];

test.each(pairs)("%s: the earlier deadline decides and is the cause", (_what, evidence, ghostAt, cause) => {
  const all = { ...nothingElse, ...evidence };
  expect(judge(all, policy, ghostAt - 1).state).not.toBe("ghost");
  expect(judge(all, policy, ghostAt)).toMatchObject({ state: "ghost", cause, deadline: ghostAt });
});

test("when the socket has ended, lost media means that the machine is gone, not that the page is stopped", () => {
  const evidence = { ...nothingElse, mediaLostAt: 1, ...ended(60 * s, "connection_lost") };
  expect(judge(evidence, policy, 31 * s).cause).not.toBe("page_stopped");
});

test("evidence that is only reported changes no verdict", () => {
  const told: Partial<Evidence>[] = [
    { visibility: "frozen" },
    { visibility: "hidden" },
    { media: { state: "connected", at: 1 } },
    { media: { state: "lost", by: "ice", at: 1 } },
    { media: { state: "reset", at: 1 } },
  ];
  for (const extra of told) {
    for (const { evidence, ghostAt, awayAt } of Object.values(rules)) {
      for (const now of [0, awayAt - 1, awayAt, ghostAt - 1, ghostAt]) {
        const plain: Evidence = { ...nothingElse, ...evidence };
        const socketEnd = plain.socketEnd && { ...plain.socketEnd, closeCode: 1006, lastPongMono: 1 };
        expect(judge({ ...plain, socketEnd, ...extra }, policy, now)).toEqual(judge(plain, policy, now));
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
