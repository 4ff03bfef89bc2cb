import Type, { type Static } from "typebox";
import type { Ending } from "../observability/timeline.js";
import { EvidenceReportSchema, JsonObject } from "@lastseen/protocol";
import type { Liveness } from "../session/liveness.js";
import type { Session } from "../session/session.js";

const Nullable = Type.Union([Type.Number(), Type.Null()]);

/** A session for operators: who it is, where, its state, and the evidence for that state. Times in epoch milliseconds. */
export const SessionView = Type.Object({
  id: Type.String(),
  userId: Type.String(),
  name: Type.String(),
  tabId: Type.String(),
  /** The node that holds it. */
  nodeId: Type.String(),
  roomId: Type.Union([Type.String(), Type.Null()]),
  state: Type.Enum(["present", "away", "ghost", "closing", "ended"]),
  epoch: Type.Integer(),
  openedAt: Type.Number(),
  joinedAt: Nullable,
  lastSeenAt: Type.Number(),
  metadata: JsonObject,
  verdict: Type.Object({ cause: Type.String(), changesInMs: Type.Number() }),
  evidence: EvidenceReportSchema,
  media: Type.Object({ transports: Type.Integer(), producers: Type.Integer(), consumers: Type.Integer() }),
  /** When and why it ended; `null` while it lives. */
  end: Type.Union([Type.Null(), Type.Object({ at: Type.Number(), reason: Type.String() })]),
});
export type SessionView = Static<typeof SessionView>;

const NO_MEDIA = { transports: 0, producers: 0, consumers: 0 };

export function stateOf(session: Session, liveness: Liveness): SessionView["state"] {
  return session.status === "open" ? liveness.judge(session).state : "closing";
}

export function viewSession(session: Session, liveness: Liveness, nodeId: string): SessionView {
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
export function viewEnding(ending: Ending, nodeId: string): SessionView {
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
