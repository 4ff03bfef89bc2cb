/**
 * The wire protocol of Lastseen: schemas of every message, their types, error codes, close codes and limits. The service
 * and its clients read the same tables. `./codec` turns frames into requests; only a service needs it.
 *
 * @module
 */
export {
  BACKEND_EVENT_FIELDS,
  BACKEND_EVENT_TYPES,
  BackendBatch,
  BackendEvent,
  BackendEventId,
  BackendMessage,
  NewBackendEvent,
  type AnyBackendEvent,
  type BackendEventOf,
  type BackendEventType,
} from "./backend-event.js";
export { findBrokenText, mayBreak, mended } from "./broken-text.js";
export { CLOSE_CODES, closeName, type CloseName } from "./close-codes.js";
export { END_REASON_WORDS, GIVEN_UP, type EndReason, type GivenUp } from "./end-reasons.js";
export { ERRORS, LastseenError, toWireError, type ErrorCode, type WireError } from "./errors.js";
export { CAUSES, GHOST_CAUSES, type Cause, type GhostCause } from "./evidence/causes.js";
export type { EvidenceField } from "./evidence/fields.js";
export {
  EVIDENCE_FIELDS,
  EVIDENCE_PIECES,
  briefOf,
  briefWords,
  type EvidenceBrief,
  type EvidenceReport,
  type ReceivedEvidence,
} from "./evidence/report.js";
export { EvidenceReportSchema } from "./evidence/schema.js";
export { LIMITS, SUBPROTOCOL } from "./limits.js";
export { CallSnapshot, UserStatus } from "./messages/call.js";
export {
  EVENTS,
  REQUESTS,
  type EventData,
  type EventType,
  type ReplyData,
  type RequestData,
  type RequestId,
  type RequestType,
} from "./messages/index.js";
export { COMMON_REFUSALS, REFUSALS } from "./messages/refusals.js";
export { mediaRequests } from "./messages/media.js";
export {
  DurationMs,
  EpochMs,
  GivenId,
  JsonObject,
  Kind,
  LEAVE_REASONS,
  LeaveReason,
  ListedParticipant,
  Name,
  Nothing,
  Participant,
  PresenceState,
  ProducerView,
  RoomId,
  RoomRole,
  RoomSnapshot,
  Shape,
  TabId,
  UserId,
} from "./messages/shared.js";
export { shownName } from "./names.js";
export { checkRoomId, checkUserId, cutText, isWellFormed, toWellFormed } from "./text.js";
export { TIMELINE_STEPS, type TimelineStep } from "./timeline-steps.js";
