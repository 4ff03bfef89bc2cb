/**
 * The steps of a session's life, as its log lines and its timeline name them. The journal says what detail each step has;
 * the operator page has a sentence for each. The compiler asks both for every step of this list.
 */
export const TIMELINE_STEPS = [
  "session opened",
  "session resumed",
  "session adopted",
  "session given up",
  "session held again",
  "session transferred",
  "transfer refused",
  "name changed",
  "session ended",
  "user blocked",
  "joined room",
  "left room",
  "socket ended",
  "away",
  "back",
  "ghost found",
  "directory not written",
  "cleanup step failed",
  "cleanup verified",
  "cleanup unseen",
  "cleanup stuck",
  "call started",
  "call rings",
  "call accepted",
  "call over",
  "call refused",
] as const;
export type TimelineStep = (typeof TIMELINE_STEPS)[number];
