/** What is known about a session being alive. All times are virtual milliseconds unless they say otherwise. */

/** Everything that is known about a session being alive. */
export interface Evidence {
  /** When the last valid application message arrived. */
  lastSeen: number;
  /** When the socket ended; undefined while there is one. */
  detachedAt: number | undefined;
  /** Whether the socket's end tells that the page is gone (`page_closed`) or only that the line is (`connection_lost`). */
  detachKind: DetachKind | undefined;
  /** When the page said goodbye by beacon. */
  goodbyeAt: number | undefined;
  /** When all media transports had lost their peer; undefined while one is connected or none ever was. */
  mediaLostAt: number | undefined;
  /** What the page last said about itself. */
  visibility: "visible" | "hidden" | "frozen" | undefined;
  /** How the socket ended, which decides by its {@link DetachKind} only; undefined while there is one. */
  socketEnd: SocketEnd | undefined;
  /** What the media plane said last. Only a loss decides anything. */
  media: MediaSign | undefined;
}

export interface SocketEnd {
  /** As the WebSocket's close told it; 1006 when nothing was told. */
  closeCode: number;
  /** When the last WebSocket pong had come, monotonic milliseconds; undefined without any. */
  lastPongMono: number | undefined;
}

export interface MediaSign {
  /** `reset`: the worker process has ended and all media with it, which says nothing about the client. */
  state: "connected" | "lost" | "reset";
  /** Which of the two told of a loss: ICE that its consent has run out, DTLS that it was closed. */
  by?: "ice" | "dtls" | undefined;
  at: number;
}

export type DetachKind = "page_closed" | "connection_lost" | "token_expired" | "node_lost";

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
