/**
 * The answers of the service's HTTP API. The service checks and writes its answers with these schemas, its OpenAPI document is
 * made from them, and `@lastseen/server` takes its types from them.
 *
 * @module
 */
export { AgentView, AgentList } from "./http/agents.js";
export { Health, Liveliness, LivelinessQuery, Readiness, type Checks, type Hindrance } from "./http/health.js";
export { Draining, NodeList, NodeSummary } from "./http/nodes.js";
export {
  CleanupList,
  CleanupReport,
  Deadlines,
  EventList,
  EventQuery,
  HistoryMinute,
  NodeHistory,
  StuckCleanup,
} from "./http/operations.js";
export { Problem, PROBLEM_TYPE, problemOf } from "./http/problem.js";
export { NodeRoom, NodeRoomDetail, RoomDetail, RoomList, RoomQuery, RoomSummary } from "./http/rooms.js";
export {
  NodeSession,
  NodeSessionPage,
  SessionFilter,
  SessionHistory,
  SessionList,
  SessionView,
} from "./http/sessions.js";
export {
  BlockedCallerList,
  BlockFilter,
  BlockView,
  BlockList,
  BlockWish,
  MOST_BLOCKED_SECONDS,
  UserStatusView,
} from "./http/users.js";
export { API_SCHEMAS } from "./http/api-schemas.js";
