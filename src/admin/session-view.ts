import type { Ending } from "../observability/timeline.js";
import type { NodeSession } from "@lastseen/protocol/http";
import type { Liveness } from "../session/liveness.js";
import type { Session } from "../session/session.js";

const NO_MEDIA = { transports: 0, producers: 0, consumers: 0 };

export function stateOf(session: Session, liveness: Liveness): NodeSession["state"] {
  return session.status === "open" ? liveness.judge(session).state : "closing";
}

export function viewSession(session: Session, liveness: Liveness, nodeId: string): NodeSession {
  const { participation } = session;
  const verdict = liveness.judge(session);
  const evidence = liveness.report(session);
  return {
    id: session.id,
    userId: session.userId,
    name: session.name,
    tabId: session.tabId,
    nodeId,
    roomId: participation?.roster.id ?? null,
    state: stateOf(session, liveness),
    epoch: session.epoch,
    openedAt: session.openedAt,
    joinedAt: participation?.joinedAt ?? null,
    lastSeenAt: evidence.lastSeenAt,
    metadata: session.metadata,
    verdict: { cause: verdict.cause, changesInMs: Math.round(liveness.untilChange(session, verdict)) },
    evidence,
    media: participation?.media.counts() ?? NO_MEDIA,
    end: null,
  };
}

/** A session that has ended, with its last verdict and evidence. */
export function viewEnding(ending: Ending, nodeId: string): NodeSession {
  const { id, userId, name, tabId, roomId, epoch, openedAt, metadata, conclusion, at, reason } = ending;
  const { verdict, evidence } = conclusion;
  return {
    id,
    userId,
    name,
    tabId,
    nodeId,
    roomId: roomId ?? null,
    state: "ended",
    epoch,
    openedAt,
    joinedAt: null,
    lastSeenAt: evidence.lastSeenAt,
    metadata,
    verdict: { cause: verdict.cause, changesInMs: 0 },
    evidence,
    media: NO_MEDIA,
    end: { at, reason },
  };
}
