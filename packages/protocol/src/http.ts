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
export { RoomDetail, RoomList, RoomSummary } from "./http/rooms.js";
export { SessionFilter, SessionHistory, SessionList, SessionPage, SessionView } from "./http/sessions.js";
export {
  BlockedCallerList,
  BlockFilter,
  BlockView,
  BlockList,
  BlockWish,
  MOST_BLOCKED_SECONDS,
  UserStatusView,
} from "./http/users.js";
