/**
 * The browser client of a Lastseen service: `import { connect } from "@lastseen/client"`.
 *
 * @module
 */
export { connect, LastseenClient } from "./client.js";
export {
  type ConnectionState,
  type DisconnectReason,
  type ReconnectCause,
  type StateChange,
} from "./connection-state.js";
export type { Retry } from "./reconnect-timer.js";
export type {
  Environment,
  PageSignal,
  PageSource,
  SocketLike,
  TabChannel,
  TabLocks,
  TabStorage,
  Timers,
} from "./environment.js";
export type { Calls } from "./calls.js";
export type {
  CallChange,
  CallOverReason,
  ClientEvents,
  JoinedHow,
  JoinedRoom,
  LeftRoom,
  OtherTab,
  OwnEvents,
  RoomState,
  RosterChange,
  SessionInfo,
} from "./events.js";
export type { GetToken } from "./greeter.js";
export type { ConnectOptions } from "./options.js";
export type { JoinOptions } from "./room-wish.js";
export { FullJitterPolicy, type ReconnectContext, type ReconnectPolicy } from "./reconnect-policy.js";
export type { RetryKind } from "./trouble.js";
export { RequestError, type RequestErrorCode } from "./request-error.js";
export type {
  CallSnapshot,
  EventData,
  EventType,
  JsonObject,
  LeaveReason,
  Participant,
  PresenceState,
  ProducerView,
  ReplyData,
  RequestData,
  RequestType,
  RoomRole,
  RoomSnapshot,
  UserStatus,
} from "@lastseen/protocol";
