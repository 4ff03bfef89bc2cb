/** The service's codes in plain words. A code without words is shown as it is, so that a newer service is understood. */
import type { LeaveReason } from "@lastseen/protocol";
import type { Health, SessionRow } from "./shapes.js";

export const CAUSES: Readonly<Record<string, string>> = {
  heard: "it was heard in time",
  silent: "its page has said nothing",
  goodbye: "its page said goodbye",
  page_closed: "its page was closed or reloaded",
  connection_lost: "its connection broke",
  token_expired: "its token ran out",
  node_lost: "its node has gone",
  connection_and_media_lost: "its connection and its media are both lost",
  page_stopped: "its media is lost and its page does not answer",
};

/** Why somebody left, or how another node came to have the session. */
const END_REASONS: Readonly<Record<LeaveReason | "handed_over" | "fenced", string>> = {
  left: "it left by itself",
  disconnected: "it did not come back in time",
  idle: "it was silent for too long",
  kicked: "an operator removed it",
  room_closed: "an operator closed its room",
  node_lost: "its node was lost",
  expired_token: "its token had run out",
  shutdown: "the service was stopped",
  handed_over: "it was handed over to another node, where it goes on",
  fenced: "another node had taken it over and goes on with it",
};
export const REASONS: Readonly<Record<string, string>> = END_REASONS;

const STATES: Readonly<Record<string, { sign: string; word: string }>> = {
  present: { sign: "●", word: "Present" },
  away: { sign: "◐", word: "Away" },
  ghost: { sign: "○", word: "Ghost" },
  closing: { sign: "◌", word: "Closing" },
  ended: { sign: "×", word: "Ended" },
};

export function causeWords(cause: string): string {
  return CAUSES[cause] ?? cause;
}

export function reasonWords(reason: string): string {
  return REASONS[reason] ?? reason;
}

/** A state's sign and word, so that nobody has to tell colours apart. */
export function stateWords(state: string): { sign: string; word: string } {
  return STATES[state] ?? { sign: "?", word: state };
}

/** "0.4 s", "12 s", "2 min", "3 h", "2 days". */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/** What a drain has come to; empty when the node is not drained. */
export function drainWords({ draining, counts }: Pick<Health, "draining" | "counts">): string {
  if (!draining) return "";
  return counts.sessions === 0 ? "Drained" : `Draining: ${plural(counts.sessions, "session")} left`;
}

/** What time alone will do to this session, and when. */
export function outlook({ state, cause }: SessionRow, changesInMs: number): string {
  const soon = changesInMs <= 0;
  switch (state) {
    case "present":
      return soon ? "about to change" : `away in ${duration(changesInMs)} if nothing is heard`;
    case "away":
      return `${causeWords(cause)}; ${soon ? "about to be removed" : `a ghost in ${duration(changesInMs)}`}`;
    case "ghost":
      return `${causeWords(cause)}; ${cause === "silent" ? "removed by the next sweep" : "about to be removed"}`;
    case "closing":
      return "is being cleaned up";
    default:
      return "";
  }
}
