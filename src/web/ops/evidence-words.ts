import type { Evidence } from "./shapes.js";
import { duration } from "./words.js";

const CLOSE_CODES: Readonly<Record<number, string>> = {
  1000: "the page closed it",
  1001: "the page went away",
  1006: "the line broke",
  1012: "the service restarted",
};

const VISIBILITY: Readonly<Record<string, string>> = {
  visible: "The page said that it is visible",
  hidden: "The page said that it is hidden: its timers may be throttled",
  frozen: "The page said that the browser has frozen it",
};

/**
 * What is known about a session being alive, a line for each kind of evidence.
 *
 * @param asOf epoch ms; `then` follows each age: "ago", or "before the end"
 */
export function evidenceWords(evidence: Evidence, asOf: number, then: string): string[] {
  const ago = (at: number): string => `${duration(asOf - at)} ${then}`;
  const { lastSeenAt, goodbyeAt, visibility } = evidence;
  return [
    `Its last message came ${ago(lastSeenAt)}`,
    socketWords(evidence, ago),
    ...(goodbyeAt === null ? [] : [`Its page said goodbye ${ago(goodbyeAt)}`]),
    mediaWords(evidence, ago),
    ...(visibility === null ? [] : [VISIBILITY[visibility] ?? visibility]),
  ];
}

function socketWords(evidence: Evidence, ago: (at: number) => string): string {
  const { socket, detachedAt, closeCode, lastPongAt } = evidence;
  const pong = lastPongAt === null ? "no WebSocket ping answered yet" : `last WebSocket pong ${ago(lastPongAt)}`;
  if (socket === "open") return `Its socket is open; ${pong}`;
  const when = detachedAt === null ? "" : ` ${ago(detachedAt)}`;
  const meaning = closeCode === null ? undefined : CLOSE_CODES[closeCode];
  const code = closeCode === null ? "" : ` with code ${closeCode}${meaning === undefined ? "" : ` (${meaning})`}`;
  return `Its socket closed${when}${code}`;
}

function mediaWords({ media, mediaAt, mediaLostAt, mediaLostBy }: Evidence, ago: (at: number) => string): string {
  const since = mediaLostAt ?? mediaAt;
  const when = since === null ? "" : ` ${ago(since)}`;
  switch (media) {
    case null:
      return "No media was connected, so that media tells nothing";
    case "connected":
      return `Its media was connected${when} and has not been lost since`;
    case "lost":
      return `Its media was lost${when}${mediaLostBy === null ? "" : `, as ${mediaLostBy.toUpperCase()} told`}`;
    case "reset":
      return `Its media worker died${when}: that is not held against it`;
    default:
      return `Media: ${media}`;
  }
}
