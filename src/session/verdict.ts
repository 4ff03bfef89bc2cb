/**
 * Decides whether a session is alive: a pure function of the evidence, the policy and the time. Each kind of evidence is a
 * rule with two deadlines of its own, one for away and one for ghost. The earliest deadline that has passed decides, and
 * its rule is the cause. All times are virtual milliseconds.
 */
import type { GhostCause } from "@lastseen/protocol";
import type { Evidence, SocketEnd } from "./evidence.js";

export interface LivenessPolicy {
  /** No application message for longer: away. */
  awayAfterMs: number;
  /** No application message for longer: ghost. */
  idleTimeoutMs: number;
  /** How long a session whose connection broke, or whose page stopped, waits for its client. */
  resumeGraceMs: number;
  /** How long a session whose page went away waits for a reload. */
  reloadGraceMs: number;
  /** What may be over in a moment (a reload, a page that is frozen) is announced only if it lasts longer. */
  announceAfterMs: number;
  /** How long a client that does not know that it is watched may take to notice that its connection is dead. */
  unawareMs: number;
  /** How long a page may take to answer a probe before it is away. */
  probeAnswerMs: number;
  /** How long a page may take to answer a probe when its media is lost or silent. */
  mediaAnswerMs: number;
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
  const { lastSeen, askedAt = Infinity, frozenAt = -Infinity, goodbyeAt = -Infinity, socketEnd } = evidence;
  const ghostOfSilence = lastSeen + policy.idleTimeoutMs;
  const rules: Rule[] = [
    {
      cause: "silent",
      awayAt: Math.min(lastSeen + policy.awayAfterMs, askedAt + policy.probeAnswerMs),
      ghostAt: ghostOfSilence,
    },
  ];
  rules.push(...(socketEnd ? [ruleOfEnd(socketEnd, evidence, policy)] : rulesOfSilence(evidence, policy)));
  if (goodbyeAt >= lastSeen) {
    const ghostAt = goodbyeAt + graceOfPage(goodbyeAt, evidence, policy);
    rules.push({ cause: "goodbye", awayAt: goodbyeAt + policy.announceAfterMs, ghostAt });
  }
  if (frozenAt >= lastSeen) {
    rules.push({ cause: "page_frozen", awayAt: frozenAt + policy.announceAfterMs, ghostAt: ghostOfSilence });
  }
  return rules;
}

/** The session has no socket. */
function ruleOfEnd({ at, kind }: SocketEnd, evidence: Evidence, policy: LivenessPolicy): Rule {
  const grace = kind === "page_closed" ? graceOfPage(at, evidence, policy) : policy.resumeGraceMs;
  return { cause: kind, awayAt: at + policy.announceAfterMs, ghostAt: at + grace };
}

/** The socket is open, but it does not answer, or no media comes and the page does not answer. */
function rulesOfSilence(evidence: Evidence, policy: LivenessPolicy): Rule[] {
  const { lastSeen, socketSilentAt, unawareUntil = -Infinity, mediaLostAt, mediaSilentAt } = evidence;
  const rules: Rule[] = [];
  if (socketSilentAt !== undefined) {
    const ghostAt = Math.max(socketSilentAt, unawareUntil) + policy.resumeGraceMs;
    rules.push({ cause: "connection_lost", awayAt: socketSilentAt, ghostAt });
  }
  for (const askedAt of [mediaLostAt, mediaSilentAt]) {
    if (askedAt === undefined || askedAt < lastSeen) continue;
    const awayAt = askedAt + policy.mediaAnswerMs;
    rules.push({ cause: "page_stopped", awayAt, ghostAt: Math.max(awayAt, askedAt + policy.resumeGraceMs) });
  }
  return rules;
}

/** A page that went away may be reloading. When the new page has said that it is on its way, it gets more time. */
function graceOfPage(wentAt: number, { heldAt = -Infinity }: Evidence, policy: LivenessPolicy): number {
  const isHeld = heldAt >= wentAt - policy.reloadGraceMs;
  return isHeld ? Math.max(policy.resumeGraceMs, policy.reloadGraceMs) : policy.reloadGraceMs;
}

function earliest(rules: readonly Rule[], deadline: "awayAt" | "ghostAt"): Rule {
  return rules.reduce((first, rule) => (rule[deadline] < first[deadline] ? rule : first));
}
