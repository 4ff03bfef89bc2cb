/** A session as the others in its room see it, in the full form and in the short form of large rooms. */
import type { ListedParticipant, Participant, ProducerView } from "@lastseen/protocol";
import type { Session } from "../session/session.js";

/** @param lastSeenAt epoch milliseconds */
export function participantOf(session: Session, lastSeenAt: number): Participant {
  return {
    userId: session.userId,
    name: session.name,
    sessionId: session.id,
    state: session.shown,
    joinedAt: session.participation?.joinedAt ?? 0,
    lastSeenAt,
    metadata: session.metadata,
    producers: producersOf(session),
  };
}

/** Leaves out what has its usual value. */
export function listedParticipantOf(session: Session): ListedParticipant {
  const producers = producersOf(session);
  return {
    userId: session.userId,
    ...(session.name === session.userId ? {} : { name: session.name }),
    sessionId: session.id,
    ...(session.shown === "present" ? {} : { state: session.shown }),
    joinedAt: session.participation?.joinedAt ?? 0,
    ...(Object.keys(session.metadata).length === 0 ? {} : { metadata: session.metadata }),
    ...(producers.length === 0 ? {} : { producers }),
  };
}

function producersOf(session: Session): ProducerView[] {
  return [...(session.participation?.media.requests?.producers ?? [])];
}
