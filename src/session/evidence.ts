/**
 * What a node knows about a session being alive, and how it reports that to people. The fields of the report are described
 * in `@lastseen/protocol`, `evidence/evidence.ts`. All times here are virtual milliseconds unless they say otherwise.
 */
import type { EvidenceReport } from "@lastseen/protocol";
import type { SessionConnection } from "./session-connection.js";

/** Everything that is known about a session being alive. */
export interface Evidence {
  /** When the last valid application message arrived. */
  lastSeen: number;
  /** When the page was probed; undefined when it has said anything since. */
  askedAt: number | undefined;
  /** How the socket ended; undefined while there is one. */
  socketEnd: SocketEnd | undefined;
  /** When the second ping in a row was not answered; undefined when the socket has said anything since. */
  socketSilentAt: number | undefined;
  /**
   * Nothing has come from the silent socket since the session is watched. So its client may not know that it is watched, and
   * then notices only by this time that its connection is dead.
   */
  unawareUntil: number | undefined;
  /** When the page said goodbye by beacon. */
  goodbyeAt: number | undefined;
  /** When a new page said that a reload is on its way. */
  heldAt: number | undefined;
  /** When all media transports had lost their peer; undefined while one is connected or none ever was. */
  mediaLostAt: number | undefined;
  /** When nothing had come for a while on a transport that sends; undefined while something comes. */
  mediaSilentAt: number | undefined;
  /** What the media plane said last. Only {@link mediaLostAt} and {@link mediaSilentAt} decide anything. */
  media: MediaSign | undefined;
  /** What the page last said about itself. Only {@link frozenAt} decides anything. */
  visibility: Visibility | undefined;
  /** When the page said that the browser freezes it. */
  frozenAt: number | undefined;
}

export interface SocketEnd {
  at: number;
  /** The only part that decides anything. */
  kind: DetachKind;
  /** As the WebSocket's close told it, 1006 when nothing was told; undefined when the socket was another node's. */
  closeCode?: number;
  /** When the last WebSocket pong had come, monotonic milliseconds; undefined without any. */
  lastPongMono?: number | undefined;
}

export interface MediaSign {
  /** `reset`: the worker process has ended and all media with it, which says nothing about the client. */
  state: NonNullable<EvidenceReport["media"]>;
  /** Which of the two told of a loss: ICE that its consent has run out, DTLS that it was closed. */
  by?: EvidenceReport["mediaLostBy"] | undefined;
  at: number;
}

/** What the end of a socket tells: the page is gone (`page_closed`), or only the connection is (`connection_lost`). */
export type DetachKind = NonNullable<EvidenceReport["detachKind"]>;
export type Visibility = NonNullable<EvidenceReport["visibility"]>;

/** The evidence of a session that has just begun. */
export function firstEvidence(now: number): Evidence {
  return {
    lastSeen: now,
    askedAt: undefined,
    socketEnd: undefined,
    socketSilentAt: undefined,
    unawareUntil: undefined,
    goodbyeAt: undefined,
    heldAt: undefined,
    mediaLostAt: undefined,
    mediaSilentAt: undefined,
    media: undefined,
    visibility: undefined,
    frozenAt: undefined,
  };
}

/** A new socket takes back what the end of the one before had told. */
export function forgetEnd(evidence: Evidence): void {
  evidence.socketEnd = undefined;
  evidence.socketSilentAt = undefined;
  evidence.goodbyeAt = undefined;
  evidence.heldAt = undefined;
}

/** The parts of a session that its report is made from. */
interface Reportable {
  readonly evidence: Readonly<Evidence>;
  /** Monotonic milliseconds. */
  readonly lastSeenMono: number;
  readonly connection: Pick<SessionConnection, "lastPongMono"> | undefined;
}

/** Each function turns a moment of one clock into epoch milliseconds. */
interface WallTime {
  fromVirtual(at: number): number;
  fromMono(at: number): number;
}

/** A session's evidence in the words and times of people. */
export function reportEvidence({ evidence, lastSeenMono, connection }: Reportable, time: WallTime): EvidenceReport {
  const { askedAt, socketEnd, socketSilentAt, goodbyeAt, heldAt, media, mediaLostAt, mediaSilentAt, visibility } =
    evidence;
  const at = (virtual: number | undefined): number | null => (virtual === undefined ? null : time.fromVirtual(virtual));
  const lastPong = (socketEnd ?? connection)?.lastPongMono;
  return {
    lastSeenAt: time.fromMono(lastSeenMono),
    askedAt: at(askedAt),
    socket: socketEnd ? "closed" : "open",
    socketSilentAt: at(socketSilentAt),
    detachedAt: at(socketEnd?.at),
    detachKind: socketEnd?.kind ?? null,
    closeCode: socketEnd?.closeCode ?? null,
    lastPongAt: lastPong === undefined ? null : time.fromMono(lastPong),
    goodbyeAt: at(goodbyeAt),
    heldAt: at(heldAt),
    media: media?.state ?? null,
    mediaAt: at(media?.at),
    mediaLostAt: at(mediaLostAt),
    mediaLostBy: mediaLostAt === undefined ? null : (media?.by ?? null),
    mediaSilentAt: at(mediaSilentAt),
    visibility: visibility ?? null,
  };
}
