/** The schemas that have a name in the OpenAPI document. */
import type { TSchema } from "typebox";
import { BackendBatch, BackendEvent, BackendMessage } from "../backend-event.js";
import { EvidenceReportSchema } from "../evidence/schema.js";
import { ProducerView } from "../messages/shared.js";
import { AgentList, AgentView } from "./agents.js";
import { Checks, Health, Liveliness, Readiness } from "./health.js";
import { Draining, NodeList, NodeSummary } from "./nodes.js";
import {
  CleanupList,
  CleanupReport,
  Deadlines,
  EventList,
  HistoryMinute,
  NodeHistory,
  StuckCleanup,
} from "./operations.js";
import { Problem } from "./problem.js";
import { RoomDetail, RoomList, RoomParticipant, RoomSummary } from "./rooms.js";
import { SessionHistory, SessionList, SessionView } from "./sessions.js";
import { By, MediaCounts } from "./shared.js";
import { BlockedCallerList, BlockList, BlockView, BlockWish, UserStatusView } from "./users.js";

export const API_SCHEMAS = {
  Agent: AgentView,
  AgentList,
  Batch: BackendBatch,
  Block: BlockView,
  BlockedCallerList,
  BlockList,
  BlockWish,
  By,
  Checks,
  CleanupList,
  CleanupReport,
  Deadlines,
  Draining,
  Event: BackendEvent,
  EventList,
  Evidence: EvidenceReportSchema,
  Health,
  HistoryMinute,
  Liveliness,
  MediaCounts,
  Message: BackendMessage,
  Node: NodeSummary,
  NodeHistory,
  NodeList,
  Participant: RoomParticipant,
  Problem,
  Producer: ProducerView,
  Readiness,
  Room: RoomDetail,
  RoomList,
  RoomSummary,
  Session: SessionView,
  SessionHistory,
  SessionList,
  StuckCleanup,
  UserStatus: UserStatusView,
} as const satisfies Readonly<Record<string, TSchema>>;
