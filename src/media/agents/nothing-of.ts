import type { SessionReport } from "@lastseen/protocol/agent";

/** The report of a process that has nothing of that session any more. */
export function nothingOf({ sessionId, wasKnown }: Pick<SessionReport, "sessionId" | "wasKnown">): SessionReport {
  const none = { transportIds: [], transports: 0, producers: 0, consumers: 0 };
  return { sessionId, ...none, connectivity: "none", isSilent: false, wasKnown };
}
