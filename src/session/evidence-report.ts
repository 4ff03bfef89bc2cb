import type { EvidenceReport } from "./evidence.js";
import type { Session } from "./session.js";

/**
 * A session's evidence in the words and times of people.
 *
 * @param toWall a moment of virtual time in epoch milliseconds
 * @param monoToWall likewise for monotonic milliseconds
 */
export function reportEvidence(
  session: Session,
  toWall: (virtual: number) => number,
  monoToWall: (mono: number) => number,
): EvidenceReport {
  const { detachedAt, detachKind, socketEnd, goodbyeAt, media, mediaLostAt, visibility } = session.evidence;
  const at = (virtual: number | undefined): number | null => (virtual === undefined ? null : toWall(virtual));
  // The end of an earlier socket is no evidence while there is another one.
  const end = detachedAt === undefined ? undefined : socketEnd;
  const lastPong = end ? end.lastPongMono : session.connection?.lastPongMono;
  return {
    lastSeenAt: monoToWall(session.lastSeenMono),
    socket: detachedAt === undefined ? "open" : "closed",
    detachedAt: at(detachedAt),
    detachKind: detachKind ?? null,
    closeCode: end?.closeCode ?? null,
    lastPongAt: lastPong === undefined ? null : monoToWall(lastPong),
    goodbyeAt: at(goodbyeAt),
    media: media?.state ?? null,
    mediaAt: at(media?.at),
    mediaLostAt: at(mediaLostAt),
    mediaLostBy: mediaLostAt === undefined ? null : (media?.by ?? null),
    visibility: visibility ?? null,
  };
}
