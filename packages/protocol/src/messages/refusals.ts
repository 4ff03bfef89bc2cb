/** With which codes the service can refuse each request. The tests of the service check every refusal against this list. */
import type { ErrorCode } from "../errors.js";
import type { RequestType } from "./index.js";

/** Any request can be refused so: it is wrong, or its connection, token or rate is. */
export const COMMON_REFUSALS = [
  "bad_message",
  "unauthorized",
  "fenced",
  "rate_limited",
  "internal",
] as const satisfies readonly ErrorCode[];

const ofMedia = ["not_joined", "media_unavailable", "not_found"] as const;
const ofCall = ["call_gone", "overloaded"] as const;

/** What each request can be refused with besides {@link COMMON_REFUSALS}. */
export const REFUSALS: { readonly [T in RequestType]: readonly ErrorCode[] } = {
  hello: ["blocked", "session_gone", "redirect", "overloaded"],
  ping: [],
  alive: [],
  join: [
    "forbidden",
    "blocked",
    "already_joined",
    "duplicate_session",
    "room_full",
    "call_gone",
    "media_unavailable",
    "redirect",
    "overloaded",
  ],
  getRoom: ["not_joined"],
  getParticipants: ["not_joined"],
  setMetadata: ["not_joined"],
  leave: ["not_joined"],
  beforeDisconnect: [],
  createTransport: ["not_joined", "media_unavailable", "forbidden"],
  connectTransport: ofMedia,
  restartIce: ofMedia,
  produce: [...ofMedia, "forbidden"],
  pauseProducer: ofMedia,
  resumeProducer: ofMedia,
  closeProducer: ofMedia,
  consume: [...ofMedia, "forbidden"],
  pauseConsumer: ofMedia,
  resumeConsumer: ofMedia,
  closeConsumer: ofMedia,
  setPreferredLayers: ofMedia,
  startCall: ["forbidden", "caller_busy", "callee_busy", "callee_offline", ...ofCall],
  acceptCall: ["blocked", ...ofCall],
  declineCall: ofCall,
  cancelCall: ofCall,
  endCall: ofCall,
  watchStatus: ["forbidden", "overloaded"],
  unwatchStatus: [],
};
