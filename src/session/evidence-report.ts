import type { Session } from "./session.js";
import type { DetachKind, Evidence, MediaSign } from "./verdict.js";

/** A session's evidence for people: times in epoch milliseconds, `null` for what has not happened. */
export interface EvidenceReport {
  lastSeenAt: number;
  socket: "open" | "closed";
  detachedAt: number | null;
  detachKind: DetachKind | null;
  closeCode: number | null;
  /** The last answer to a WebSocket ping: the browser's, not the page's. */
  lastPongAt: number | null;
  goodbyeAt: number | null;
  media: MediaSign["state"] | null;
  mediaAt: number | null;
  /** Since when all media is lost; unlike `mediaAt` not moved by further signs. */
  mediaLostAt: number | null;
  mediaLostBy: "ice" | "dtls" | null;
  visibility: NonNullable<Evidence["visibility"]> | null;
}

/**
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
