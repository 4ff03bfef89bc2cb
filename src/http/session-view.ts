import Type, { type Static } from "typebox";
import { JsonObject } from "../protocol/messages/shared.js";
import type { Liveness } from "../session/liveness.js";
import type { Session } from "../session/session.js";

const Nullable = Type.Union([Type.Number(), Type.Null()]);

/** A session for operators: who, where, in what state, and the evidence that decides. Times in epoch milliseconds. */
export const SessionView = Type.Object({
  id: Type.String(),
  userId: Type.String(),
  name: Type.String(),
  tabId: Type.String(),
  roomId: Type.Union([Type.String(), Type.Null()]),
  state: Type.Enum(["present", "away", "ghost", "closing"]),
  epoch: Type.Integer(),
  openedAt: Type.Number(),
  joinedAt: Nullable,
  lastSeenAt: Type.Number(),
  metadata: JsonObject,
  verdict: Type.Object({ cause: Type.String(), changesInMs: Type.Number() }),
  evidence: Type.Object({
    socket: Type.Enum(["open", "closed"]),
    detachedAt: Nullable,
    detachKind: Type.Union([Type.String(), Type.Null()]),
    goodbyeAt: Nullable,
    mediaLostAt: Nullable,
    visibility: Type.Union([Type.String(), Type.Null()]),
  }),
  media: Type.Object({ transports: Type.Integer(), producers: Type.Integer(), consumers: Type.Integer() }),
});
export type SessionView = Static<typeof SessionView>;

export function stateOf(session: Session, liveness: Liveness): SessionView["state"] {
  return session.status === "open" ? liveness.judge(session).state : "closing";
}

export function viewSession(session: Session, liveness: Liveness): SessionView {
  const { evidence, participation } = session;
  const verdict = liveness.judge(session);
  const at = (virtual: number | undefined) => (virtual === undefined ? null : liveness.toWall(virtual));
  return {
    id: session.id,
    userId: session.userId,
    name: session.name,
    tabId: session.tabId,
    roomId: participation?.roster.id ?? null,
    state: stateOf(session, liveness),
    epoch: session.epoch,
    openedAt: session.openedAt,
    joinedAt: participation?.joinedAt ?? null,
    lastSeenAt: liveness.lastSeenAt(session),
    metadata: session.metadata,
    verdict: { cause: verdict.cause, changesInMs: Math.round(liveness.untilDeadline(verdict)) },
    evidence: {
      socket: session.connection ? "open" : "closed",
      detachedAt: at(evidence.detachedAt),
      detachKind: evidence.detachKind ?? null,
      goodbyeAt: at(evidence.goodbyeAt),
      mediaLostAt: at(evidence.mediaLostAt),
      visibility: evidence.visibility ?? null,
    },
    media: participation?.media.counts() ?? { transports: 0, producers: 0, consumers: 0 },
  };
}
