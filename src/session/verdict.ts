/**
 * Alive or not: a pure function of what is known, of the policy and of the time. Each kind of evidence is a rule with
 * two deadlines of its own (away, ghost); the earliest deadline that has passed decides, and says so as the cause.
 * All times are virtual milliseconds.
 */
import type { Evidence, EvidenceReport } from "./evidence.js";

export const CAUSES = [
  "heard",
  "silent",
  "goodbye",
  "page_closed",
  "connection_lost",
  "token_expired",
  "node_lost",
  "connection_and_media_lost",
  "page_stopped",
] as const;
/** Why a session is in the state that it is in. */
export type Cause = (typeof CAUSES)[number];

export interface LivenessPolicy {
  /** No application message for longer: away. */
  awayAfterMs: number;
  /** No application message for longer: ghost. */
  idleTimeoutMs: number;
  /** How long a session whose line broke waits for its client. */
  resumeGraceMs: number;
  /** How long a session whose page went away waits for a reload. */
  reloadGraceMs: number;
  /** An end of the socket is announced only if it lasts longer, so that a quick reload stays silent. */
  announceAfterMs: number;
  /** A lost line and lost media together: the machine or its network is gone. */
  mediaLostGraceMs: number;
  /** Media lost while the socket answers: how long the page may take to answer a probe. */
  probeAnswerMs: number;
  /** Media lost and the probe not answered: ghost so long after the media was lost. */
  pageStoppedAfterMs: number;
}

export interface Verdict {
  state: "present" | "away" | "ghost";
  cause: Cause;
  /** When time alone will change this verdict; for a ghost, when it became one. */
  deadline: number;
  /** The rule behind `deadline`: together with `toGhost` it names the expiry list to wait in. */
  deadlineCause: Cause;
  /** Whether the deadline makes a ghost (or, if not, an away). */
  toGhost: boolean;
  /** What the verdict rests on; kept with the last verdict of a session that has ended. */
  evidence?: EvidenceReport;
}

interface Rule {
  cause: Cause;
  awayAt: number;
  ghostAt: number;
}

export function judge(evidence: Evidence, policy: LivenessPolicy, now: number): Verdict {
  const rules = rulesFor(evidence, policy);
  const ghost = earliest(rules, "ghostAt");
  if (ghost.ghostAt <= now) {
    return { state: "ghost", cause: ghost.cause, deadline: ghost.ghostAt, deadlineCause: ghost.cause, toGhost: true };
  }
  const away = earliest(rules, "awayAt");
  if (away.awayAt <= now || ghost.ghostAt <= away.awayAt) {
    const state = away.awayAt <= now ? "away" : "present";
    const cause = state === "away" ? away.cause : "heard";
    return { state, cause, deadline: ghost.ghostAt, deadlineCause: ghost.cause, toGhost: true };
  }
  return { state: "present", cause: "heard", deadline: away.awayAt, deadlineCause: away.cause, toGhost: false };
}

function rulesFor(evidence: Evidence, policy: LivenessPolicy): Rule[] {
  const { lastSeen, detachedAt, detachKind, goodbyeAt, mediaLostAt } = evidence;
  const rules: Rule[] = [
    { cause: "silent", awayAt: lastSeen + policy.awayAfterMs, ghostAt: lastSeen + policy.idleTimeoutMs },
  ];
  if (detachedAt !== undefined) {
    const cause = detachKind ?? "connection_lost";
    const grace = cause === "page_closed" ? policy.reloadGraceMs : policy.resumeGraceMs;
    const awayAt = detachedAt + policy.announceAfterMs;
    rules.push({ cause, awayAt, ghostAt: detachedAt + grace });
    if (mediaLostAt !== undefined) {
      rules.push({ cause: "connection_and_media_lost", awayAt, ghostAt: detachedAt + policy.mediaLostGraceMs });
    }
  } else if (mediaLostAt !== undefined && mediaLostAt >= lastSeen) {
    rules.push({
      cause: "page_stopped",
      awayAt: mediaLostAt + policy.probeAnswerMs,
      ghostAt: mediaLostAt + policy.pageStoppedAfterMs,
    });
  }
  if (goodbyeAt !== undefined && goodbyeAt >= lastSeen) {
    rules.push({
      cause: "goodbye",
      awayAt: goodbyeAt + policy.announceAfterMs,
      ghostAt: goodbyeAt + policy.reloadGraceMs,
    });
  }
  return rules;
}

function earliest(rules: readonly Rule[], deadline: "awayAt" | "ghostAt"): Rule {
  return rules.reduce((first, rule) => (rule[deadline] < first[deadline] ? rule : first));
}
