/** What operators ask a node to do, and what they read about its work. */
import Type, { type Static } from "typebox";
import { BackendEvent, BackendEventId } from "../backend-event.js";
import { DurationMs, EpochMs } from "../messages/shared.js";
import { EXAMPLES } from "./examples.js";
import { Count, OrNull } from "./shared.js";

/** What a sweep and a comparison found and did. */
export const CleanupReport = Type.Object(
  {
    sweep: Type.Object({
      at: EpochMs,
      result: Type.Enum(["completed", "held"], { description: "`held`: too many sessions were due at once" }),
      checked: Type.Integer(),
      ghosts: Type.Integer(),
      reaped: Type.Array(Type.String(), { description: "Ids of the sessions that were removed" }),
      stuckRetried: Type.Integer(),
      durationMs: DurationMs,
    }),
    reconciliation: Type.Object({
      orphansClosed: Type.Integer(),
      orphansSuspected: Type.Integer(),
      mediaReset: Type.Integer(),
      foreignMedia: Type.Object({ transport: Type.Integer(), producer: Type.Integer(), consumer: Type.Integer() }),
      rosterRepaired: Type.Integer(),
      directoryDrift: Type.Integer(),
    }),
  },
  { examples: [EXAMPLES.CleanupReport] },
);
export type CleanupReport = Static<typeof CleanupReport>;

/** A cleanup that used up its attempts. It is tried again with every sweep. */
export const StuckCleanup = Type.Object({
  sessionId: Type.String(),
  userId: Type.String(),
  name: Type.String(),
  roomId: OrNull(Type.String(), { description: "The room that the session left; null when it was in none" }),
  scope: Type.Enum(["room", "session"], { description: "`room`: the session itself may go on" }),
  reason: Type.String(),
  attempts: Type.Integer(),
  steps: Type.Array(Type.String(), { description: "The steps that have not succeeded yet" }),
});
export type StuckCleanup = Static<typeof StuckCleanup>;

export const CleanupList = Type.Object(
  {
    nodeId: Type.String(),
    unfinished: Type.Integer(),
    stuck: Type.Array(StuckCleanup),
  },
  { examples: [EXAMPLES.Cleanups] },
);
export type CleanupList = Static<typeof CleanupList>;

/** How long something took in one minute. */
const Times = Type.Object({ count: Count, medianMs: OrNull(DurationMs), longestMs: OrNull(DurationMs) });

export const HistoryMinute = Type.Object({
  at: Type.Number({ description: "When the minute began, epoch ms" }),
  joins: Count,
  aways: Type.Integer({ minimum: 0, description: "People who were shown as away" }),
  evictions: Type.Integer({ minimum: 0, description: "Sessions that ended because their clients were gone" }),
  sessions: Type.Integer({ minimum: 0, description: "The most at one time" }),
  ghosts: Type.Integer({ minimum: 0, description: "The most at one time" }),
  away: Times,
  detection: Times,
});
export type HistoryMinute = Static<typeof HistoryMinute>;

/** The last hour of one node. */
export const NodeHistory = Type.Object(
  {
    nodeId: Type.String(),
    minutes: Type.Array(HistoryMinute, { description: "Oldest first; the last minute is still running" }),
  },
  { examples: [EXAMPLES.History] },
);
export type NodeHistory = Static<typeof NodeHistory>;

/** The deadlines that decide who is alive. */
export const Deadlines = Type.Object(
  {
    heartbeatIntervalMs: DurationMs,
    awayAfterMs: DurationMs,
    idleTimeoutMs: DurationMs,
    sweepIntervalMs: DurationMs,
    reloadGraceMs: DurationMs,
    resumeGraceMs: DurationMs,
  },
  { examples: [EXAMPLES.Deadlines] },
);
export type Deadlines = Static<typeof Deadlines>;

export const EventQuery = Type.Object({
  cursor: Type.Optional(BackendEventId),
  after: Type.Optional(
    Type.String({ ...BackendEventId, deprecated: true, description: "As `cursor`, for clients of before" }),
  ),
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100, description: "The most events of one page" }),
});
export type EventQuery = Static<typeof EventQuery>;

/** Events for the backend, oldest first. */
export const EventList = Type.Object(
  {
    events: Type.Array(BackendEvent),
    gap: Type.Boolean({ description: "The event `cursor` is not kept any more: others may be missing as well" }),
    cursor: OrNull(Type.String(), {
      description: "The id of the last event, where the next page begins; null when nothing follows",
    }),
    next: OrNull(Type.String(), { deprecated: true, description: "As `cursor`, for clients of before" }),
  },
  { examples: [EXAMPLES.Events] },
);
export type EventList = Static<typeof EventList>;
