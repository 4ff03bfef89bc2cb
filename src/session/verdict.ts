/**
 * Decides whether a session is alive: a pure function of the evidence, the policy and the time. Each kind of evidence is a
 * rule with two deadlines of its own, one for away and one for ghost. The earliest deadline that has passed decides, and
 * its rule is the cause. All times are virtual milliseconds.
 */
import type { GhostCause } from "@lastseen/protocol";
import type { Evidence } from "./evidence.js";

export interface LivenessPolicy {
  /** No application message for longer: away. */
  awayAfterMs: number;
  /** No application message for longer: ghost. */
  idleTimeoutMs: number;
  /** How long a session whose connection broke waits for its client. */
  resumeGraceMs: number;
  /** How long a session whose page went away waits for a reload. */
  reloadGraceMs: number;
  /** The end of a socket is announced only if it lasts longer, so that nobody is told of a quick reload. */
  announceAfterMs: number;
  /** The connection and the media are both lost, so the machine or its network is gone: ghost so long after the socket ended. */
  mediaLostGraceMs: number;
  /** Media is lost while the socket answers: how long the page may take to answer a probe. */
  probeAnswerMs: number;
  /** Media is lost and the probe is not answered: ghost so long after the media was lost. */
  pageStoppedAfterMs: number;
}

interface Deadline {
  /** When time alone will change this verdict; for a ghost, when it became one. */
  deadline: number;
  /** The rule behind `deadline`. Together with `toGhost` it names the expiry list in which the session waits. */
  deadlineCause: GhostCause;
  /** Whether the session becomes a ghost at the deadline. If not, it becomes away. */
  toGhost: boolean;
}

export interface PresentVerdict extends Deadline {
  state: "present";
  cause: "heard";
}

export interface AwayVerdict extends Deadline {
  state: "away";
  cause: GhostCause;
}

export interface GhostVerdict extends Deadline {
  state: "ghost";
  cause: GhostCause;
}

export type Verdict = PresentVerdict | AwayVerdict | GhostVerdict;

interface Rule {
  cause: GhostCause;
  awayAt: number;
  ghostAt: number;
}

export function judge(evidence: Evidence, policy: LivenessPolicy, now: number): Verdict {
  const rules = rulesFor(evidence, policy);
  const ghost = earliest(rules, "ghostAt");
  const toGhost: Deadline = { deadline: ghost.ghostAt, deadlineCause: ghost.cause, toGhost: true };
  if (ghost.ghostAt <= now) return { state: "ghost", cause: ghost.cause, ...toGhost };
  const away = earliest(rules, "awayAt");
  if (away.awayAt <= now) return { state: "away", cause: away.cause, ...toGhost };
  if (ghost.ghostAt <= away.awayAt) return { state: "present", cause: "heard", ...toGhost };
  return { state: "present", cause: "heard", deadline: away.awayAt, deadlineCause: away.cause, toGhost: false };
}

function rulesFor(evidence: Evidence, policy: LivenessPolicy): Rule[] {
  const { lastSeen, socketEnd, goodbyeAt, mediaLostAt } = evidence;
  const rules: Rule[] = [
    { cause: "silent", awayAt: lastSeen + policy.awayAfterMs, ghostAt: lastSeen + policy.idleTimeoutMs },
  ];
  if (socketEnd) {
    const { at, kind: cause } = socketEnd;
    const grace = cause === "page_closed" ? policy.reloadGraceMs : policy.resumeGraceMs;
    const awayAt = at + policy.announceAfterMs;
    rules.push({ cause, awayAt, ghostAt: at + grace });
    if (mediaLostAt !== undefined) {
      rules.push({ cause: "connection_and_media_lost", awayAt, ghostAt: at + policy.mediaLostGraceMs });
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
