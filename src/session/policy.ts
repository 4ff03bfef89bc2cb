import type { LivenessPolicy } from "./verdict.js";

/** Deadlines that are not settings: they follow from how quickly the evidence comes, and no product needs other ones. */
const EVIDENCE_DEADLINES = {
  announceAfterMs: 1_000,
  mediaAnswerMs: 3_000,
} as const;

/** Completes the deadlines that a deployment chooses with those that follow from the evidence. */
export function livenessPolicy(settings: Omit<LivenessPolicy, keyof typeof EVIDENCE_DEADLINES>): LivenessPolicy {
  return { ...settings, ...EVIDENCE_DEADLINES };
}
