/**
 * The causes of a verdict: which evidence decided that a session is present, away or a ghost. This is the only list of
 * them; the verdict, the metrics, the operator page and the documents read it.
 */
import type { LeaveReason } from "../messages/shared.js";

interface CauseDescription {
  /** In plain words, about the session: "its page said goodbye". */
  readonly words: string;
}

interface GhostCauseDescription extends CauseDescription {
  /** The reason that the others in the room are told when the service removes a ghost of this cause. */
  readonly leavesAs: LeaveReason;
}

/** Each of these can make a session away, and later a ghost. */
export const GHOST_CAUSES = {
  silent: { words: "its page has said nothing", leavesAs: "idle" },
  goodbye: { words: "its page said goodbye", leavesAs: "disconnected" },
  page_closed: { words: "its page was closed or reloaded", leavesAs: "disconnected" },
  connection_lost: { words: "its connection broke", leavesAs: "disconnected" },
  token_expired: { words: "its token ran out", leavesAs: "expired_token" },
  node_lost: { words: "its node has gone", leavesAs: "node_lost" },
  page_stopped: { words: "its media has stopped and its page does not answer", leavesAs: "idle" },
  page_frozen: { words: "the browser has frozen its page", leavesAs: "idle" },
} as const satisfies Record<string, GhostCauseDescription>;

/** Why a session is away or a ghost. */
export type GhostCause = keyof typeof GHOST_CAUSES;

export const CAUSES = {
  heard: { words: "it was heard in time" },
  ...GHOST_CAUSES,
} as const satisfies Record<string, CauseDescription>;

/** Why a session is in the state that it is in. */
export type Cause = keyof typeof CAUSES;
