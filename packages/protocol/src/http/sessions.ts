import Type, { type Static } from "typebox";
import { EvidenceReportSchema } from "../evidence/schema.js";
import { EpochMs, JsonObject } from "../messages/shared.js";
import { EXAMPLES } from "./examples.js";
import { MediaCounts, Missing, OrNull } from "./shared.js";

const SESSION_STATES = ["present", "away", "ghost", "closing", "ended"] as const;

/** A session as nodes tell each other of it. */
export const NodeSession = Type.Object({
  id: Type.String({ deprecated: true, description: "As `sessionId`, for clients of before" }),
  userId: Type.String(),
  name: Type.String({ description: "The user's name as shown" }),
  tabId: Type.String(),
  nodeId: Type.String({ description: "The node that holds the session" }),
  roomId: OrNull(Type.String()),
  state: Type.Enum([...SESSION_STATES]),
  epoch: Type.Integer({ description: "Grows whenever the session changes its owner" }),
  openedAt: EpochMs,
  joinedAt: OrNull(EpochMs),
  lastSeenAt: EpochMs,
  metadata: JsonObject,
  verdict: Type.Object({
    cause: Type.String({ description: "The evidence that decided" }),
    changesInMs: Type.Number({ description: "When time alone changes the state, in milliseconds from now" }),
  }),
  evidence: EvidenceReportSchema,
  media: MediaCounts,
  end: Type.Union([Type.Null(), Type.Object({ at: EpochMs, reason: Type.String() })], {
    description: "When and why it ended; null while it lives",
  }),
});
export type NodeSession = Static<typeof NodeSession>;

/** A session for operators: who it is, where, its state, and the evidence for that state. */
export const SessionView = Type.Object(
  { sessionId: Type.String(), ...NodeSession.properties },
  { examples: [EXAMPLES.Session] },
);
export type SessionView = Static<typeof SessionView>;

export const SessionFilter = Type.Object({
  userId: Type.Optional(Type.String()),
  roomId: Type.Optional(Type.String()),
  search: Type.Optional(
    Type.String({
      maxLength: 128,
      description: "A part of the user id, the name or the room id, in upper or lower case, or a whole session id",
    }),
  ),
  state: Type.Optional(
    Type.Enum([...SESSION_STATES], {
      description: "`ended`: those that ended within the last 15 minutes, at most 1,000 of each node",
    }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "`cursor` of the page before" })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: "The most sessions of one page" }),
});
export type SessionFilter = Static<typeof SessionFilter>;

const pageFields = {
  cursor: OrNull(Type.String(), { description: "Where the next page begins; null on the last page" }),
  total: Type.Optional(
    Type.Integer({
      description: "Sessions that fit the filter, on all pages; missing when a node of an older version answers",
    }),
  ),
};

/** A page of one node's sessions, as nodes tell each other of them. */
export const NodeSessionPage = Type.Object({ sessions: Type.Array(NodeSession), ...pageFields });
export type NodeSessionPage = Static<typeof NodeSessionPage>;

/** A page with the sessions of all nodes, oldest first (ended ones: the last end first). */
export const SessionList = Type.Object(
  { sessions: Type.Array(SessionView), ...pageFields, missing: Missing },
  { examples: [EXAMPLES.Sessions] },
);
export type SessionList = Static<typeof SessionList>;

export const SessionHistory = Type.Object(
  {
    sessionId: Type.String(),
    entries: Type.Array(
      Type.Object({ at: EpochMs, step: Type.String(), detail: Type.Record(Type.String(), Type.Unknown()) }),
      { description: "Oldest first" },
    ),
  },
  { examples: [EXAMPLES.Timeline] },
);
export type SessionHistory = Static<typeof SessionHistory>;
