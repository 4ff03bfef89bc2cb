import type { LivenessPolicy } from "./verdict.js";

/** Deadlines that are no settings: they belong to the evidence, not to the product. */
const EVIDENCE_DEADLINES = {
  announceAfterMs: 1_000,
  mediaLostGraceMs: 10_000,
  probeAnswerMs: 10_000,
  pageStoppedAfterMs: 30_000,
} as const;

/** The deadlines that a deployment chooses, completed by those that follow from the evidence. */
export function livenessPolicy(settings: Omit<LivenessPolicy, keyof typeof EVIDENCE_DEADLINES>): LivenessPolicy {
  return { ...settings, ...EVIDENCE_DEADLINES };
}
