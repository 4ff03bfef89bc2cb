/** Why a session ended on a node, in the words that an operator reads. Each word completes "Ended because …". */
import type { LeaveReason } from "./messages/shared.js";

/**
 * How another node came to own a session that this node held. `fenced`: the other node took it over. `handed_over`: this
 * node gave it away.
 */
export const GIVEN_UP = ["fenced", "handed_over"] as const;
export type GivenUp = (typeof GIVEN_UP)[number];

/** Why a session ended on a node: the reason that the others in its room are told, or how another node came to own it. */
export type EndReason = LeaveReason | GivenUp;

export const END_REASON_WORDS: Readonly<Record<EndReason, string>> = {
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
