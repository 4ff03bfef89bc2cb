import type { LivenessPolicy } from "../../../src/session/verdict.js";

/** The settings and deadlines of the service as it is delivered, in milliseconds. */
export const SETTINGS = {
  heartbeatMs: 30_000,
  sweepMs: 30_000,
  watchMs: 250,
  socketPingMs: 15_000,
  helloMs: 10_000,
  reconnectSpreadMs: 5_000,
  messagesPerSecond: 50,
} as const;

export const POLICY: LivenessPolicy = {
  awayAfterMs: 45_000,
  idleTimeoutMs: 120_000,
  resumeGraceMs: 20_000,
  reloadGraceMs: 5_000,
  announceAfterMs: 1_000,
  mediaLostGraceMs: 10_000,
  probeAnswerMs: 10_000,
  pageStoppedAfterMs: 30_000,
};
