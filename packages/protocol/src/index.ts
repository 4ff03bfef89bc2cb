/**
 * The wire protocol of Lastseen: schemas of every message, their types, error codes, close codes and limits. The service
 * and its clients read the same tables. `./codec` turns frames into requests; only a service needs it.
 *
 * @module
 */
export {
  BACKEND_EVENT_TYPES,
  BackendEvent,
  BackendEventId,
  NewBackendEvent,
  type BackendEventType,
} from "./backend-event.js";
export { CLOSE_CODES, closeName, type CloseName } from "./close-codes.js";
export { ERRORS, LastseenError, toWireError, type ErrorCode, type WireError } from "./errors.js";
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
export { mediaRequests } from "./messages/media.js";
export {
  DurationMs,
  EpochMs,
  GivenId,
  JsonObject,
  Kind,
  LEAVE_REASONS,
  LeaveReason,
  Name,
  Nothing,
  Participant,
  PresenceState,
  ProducerView,
  RoomId,
  RoomSnapshot,
  Shape,
  TabId,
  UserId,
} from "./messages/shared.js";
