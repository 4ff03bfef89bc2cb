/**
 * The evidence about a session being alive: one description of each piece. What follows from it: the type of the report
 * that the service makes, the schema of `GET /api/sessions/:id`, the log line "ghost found", the sentences and the reader
 * of the operator page, and the tables of `docs/detection.md`. Which evidence decides what is in `session/verdict.ts`.
 */
import { GHOST_CAUSES } from "./causes.js";
import { piece } from "./fields.js";

/** What the common close codes of a WebSocket tell. */
const CLOSE_CODE_WORDS: Readonly<Record<number, string>> = {
  1000: "the page closed it",
  1001: "the page went away",
  1006: "the connection broke",
  1012: "the service restarted",
};

const VISIBILITY_WORDS = {
  visible: "it is visible",
  hidden: "it is hidden: its timers may be throttled",
  frozen: "the browser has frozen it",
} as const;

/** In the order in which operators read it. */
export const EVIDENCE = {
  lastMessage: piece({
    title: "Last message",
    fields: {
      lastSeenAt: { kind: "knownTime", means: "When the last valid application message arrived." },
      askedAt: { kind: "time", means: "Since when the page owes an answer to a probe." },
    },
    say: ({ lastSeenAt, askedAt }, ago) => {
      const asked = askedAt === null ? "" : `; it was probed ${ago(askedAt)} and has not answered`;
      return `Its last message came ${ago(lastSeenAt)}${asked}`;
    },
    brief: {
      name: "silentMs",
      kind: "duration",
      of: ({ lastSeenAt }, now) => now - lastSeenAt,
      say: (silence) => `silent for ${silence}`,
    },
  }),
  socket: piece({
    title: "Socket",
    fields: {
      socket: {
        kind: "state",
        means: "Whether the session has a WebSocket.",
        words: { open: "the session has one", closed: "it has none" },
      },
      socketSilentAt: {
        kind: "time",
        means: "Since when its socket counts as silent: two WebSocket pings in a row were not answered.",
      },
      detachedAt: { kind: "time", means: "When its socket ended." },
      detachKind: {
        kind: "word",
        means: "What the end of the socket tells.",
        words: {
          page_closed: GHOST_CAUSES.page_closed.words,
          connection_lost: GHOST_CAUSES.connection_lost.words,
          token_expired: GHOST_CAUSES.token_expired.words,
          node_lost: GHOST_CAUSES.node_lost.words,
        },
      },
      closeCode: { kind: "number", means: "The close code of the WebSocket; 1006 when it ended without one." },
      lastPongAt: {
        kind: "time",
        means:
          "When the last answer to a WebSocket ping came. The browser answers these pings, not the page. A client that speaks by itself is not pinged.",
      },
    },
    say: ({ socket, socketSilentAt, detachedAt, detachKind, closeCode, lastPongAt }, ago) => {
      const pong =
        lastPongAt === null
          ? "no WebSocket pong yet (a client that speaks is not pinged)"
          : `last WebSocket pong ${ago(lastPongAt)}`;
      const silent = socketSilentAt === null ? "" : ` and has been silent since ${ago(socketSilentAt)}`;
      if (socket === "open") return `Its socket is open${silent}; ${pong}`;
      const when = detachedAt === null ? "" : ` ${ago(detachedAt)}`;
      return `Its socket closed${when}${closeCode === null ? "" : closeCodeWords(closeCode, detachKind)}`;
    },
    brief: {
      name: "socket",
      kind: "word",
      of: ({ socket, socketSilentAt, detachKind }) => {
        if (socket === "open") return socketSilentAt === null ? socket : "silent";
        return detachKind ?? socket;
      },
      say: (socket) => {
        if (socket === "silent") return "its socket still open, but silent";
        return socket === "open" ? "its socket still open" : undefined;
      },
    },
  }),
  goodbye: piece({
    title: "Goodbye",
    fields: {
      goodbyeAt: { kind: "time", means: "When the page said goodbye with a beacon, as a page does that is closed." },
      heldAt: {
        kind: "time",
        means: "When a new page said that it is on its way, as a page does that loads for long.",
      },
    },
    say: ({ goodbyeAt, heldAt }, ago) => {
      const said = [
        goodbyeAt === null ? undefined : `Its page said goodbye ${ago(goodbyeAt)}`,
        heldAt === null ? undefined : `a new page said ${ago(heldAt)} that it is on its way`,
      ].filter((words) => words !== undefined);
      return said.length === 0 ? undefined : said.join("; ");
    },
    brief: {
      name: "saidGoodbye",
      kind: "flag",
      of: ({ goodbyeAt }) => goodbyeAt !== null,
      say: () => "it had said goodbye",
    },
  }),
  media: piece({
    title: "Media",
    fields: {
      media: {
        kind: "word",
        means: "What the media plane said last.",
        words: {
          connected: "a transport is connected to the client",
          lost: "all transports that were connected have lost the client",
          reset: "the media worker died, which says nothing about the client",
        },
      },
      mediaAt: { kind: "time", means: "When the media plane said it." },
      mediaLostAt: { kind: "time", means: "Since when all media is lost. Further signs of a loss do not move it." },
      mediaLostBy: {
        kind: "word",
        means: "Who told of the loss.",
        words: { ice: "ICE: the client's consent ran out", dtls: "DTLS: the client closed the transport" },
      },
      mediaSilentAt: {
        kind: "time",
        means: "Since when nothing comes on a transport that sends. The service then asks socket and page.",
      },
    },
    say: ({ media, mediaAt, mediaLostAt, mediaLostBy, mediaSilentAt }, ago) => {
      const since = mediaLostAt ?? mediaAt;
      const words = mediaWords(media, since === null ? "" : ` ${ago(since)}`, mediaLostBy);
      return mediaSilentAt === null ? words : `${words}; none has come since ${ago(mediaSilentAt)}`;
    },
    brief: {
      name: "mediaLost",
      kind: "flag",
      of: ({ mediaLostAt, mediaSilentAt }) => mediaLostAt !== null || mediaSilentAt !== null,
      say: () => "its media lost or silent",
    },
  }),
  visibility: piece({
    title: "Visibility",
    fields: {
      visibility: { kind: "word", means: "What the page last said about itself.", words: VISIBILITY_WORDS },
    },
    say: ({ visibility }) => (visibility === null ? undefined : visibilityWords(visibility)),
    brief: {
      name: "visibility",
      kind: "word",
      of: ({ visibility }) => visibility ?? undefined,
      say: (visibility) => `its page last ${visibility}`,
    },
  }),
} as const;

/** @returns " with code 1006 (the connection broke)" */
function closeCodeWords(closeCode: number, kind: string | null): string {
  // A process that is killed sends no close frame either, but its end is seen.
  const isKilled = closeCode === 1006 && kind === "page_closed";
  const meaning = isKilled ? "its process ended" : CLOSE_CODE_WORDS[closeCode];
  return ` with code ${closeCode}${meaning === undefined ? "" : ` (${meaning})`}`;
}

/** @param when " 12 s ago", or empty */
function mediaWords(media: string | null, when: string, lostBy: string | null): string {
  switch (media) {
    case null:
      return "No media was connected, so that media tells nothing";
    case "connected":
      return `Its media was connected${when} and has not been lost since`;
    case "lost":
      return `Its media was lost${when}${lostBy === null ? "" : `, as ${lostBy.toUpperCase()} told`}`;
    case "reset":
      return `Its media worker died${when}: that is not held against it`;
    default:
      return `Media: ${media}`;
  }
}

/** A word that this version does not know is shown as it is. */
function visibilityWords(visibility: string): string {
  const words = new Map<string, string>(Object.entries(VISIBILITY_WORDS)).get(visibility);
  return words === undefined ? visibility : `The page said that ${words}`;
}
