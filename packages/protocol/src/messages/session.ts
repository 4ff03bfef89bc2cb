import Type from "typebox";
import { LIMITS } from "../limits.js";
import { CallSnapshot } from "./call.js";
import {
  ClientText,
  DurationMs,
  EpochMs,
  GivenId,
  JsonObject,
  LeaveReason,
  ListedParticipant,
  Name,
  Nothing,
  Participant,
  RoomId,
  RoomRole,
  ResumeTokenText,
  RoomSnapshot,
  Shape,
  Source,
  TabId,
  Token,
  UserId,
} from "./shared.js";

export const Visibility = Type.Enum(["visible", "hidden", "frozen"]);

/** Requests about being here: who one is, which room, still alive, gone. */
export const sessionRequests = {
  hello: {
    data: Shape({
      token: Type.Optional(Token),
      user: Type.Optional(Shape({ id: UserId, name: Type.Optional(Name) })),
      tabId: TabId,
      resume: Type.Optional(Shape({ sessionId: GivenId, resumeToken: ResumeTokenText })),
      client: Type.Optional(Shape({ name: ClientText, version: Type.Optional(ClientText) })),
      /**
       * The room that the client will join. When another node has it, the hello is answered `redirect`, and no session begins. Does
       * not count beside `resume`.
       */
      roomId: Type.Optional(RoomId),
      /** The client heeds `nextMs` and `aliveIntervalMs` of a pong. Without this no pong has them. */
      paced: Type.Optional(Type.Boolean()),
    }),
    reply: Shape({
      sessionId: GivenId,
      epoch: Type.Integer(),
      resumeToken: Type.String(),
      resumed: Type.Boolean(),
      user: Shape({ id: UserId, name: Type.String() }),
      nodeId: Type.String(),
      heartbeat: Shape({
        intervalMs: DurationMs,
        /** How often to ping instead while others are in the room, or while a call rings or goes on. */
        watchedIntervalMs: Type.Optional(DurationMs),
        /** How often a watched client that sends `alive` gives a sign of life. Left out: the service does not know `alive`. */
        aliveIntervalMs: Type.Optional(DurationMs),
        idleTimeoutMs: DurationMs,
        sweepIntervalMs: DurationMs,
        resumeGraceMs: DurationMs,
      }),
      room: Type.Union([RoomSnapshot, Type.Null()]),
      /** Of the room that a resumed session is in: a page that was reloaded has not joined and needs them. */
      routerRtpCapabilities: Type.Optional(Type.Union([JsonObject, Type.Null()])),
      call: Type.Union([CallSnapshot, Type.Null()]),
    }),
  },
  ping: { data: Shape({ visibility: Type.Optional(Visibility) }), reply: Nothing },
  /** A sign of life that is not answered. */
  alive: { data: Nothing, reply: Nothing },
  join: {
    data: Shape({
      roomId: RoomId,
      onDuplicate: Type.Optional(Type.Enum(["transfer", "reject", "allow"])),
      metadata: Type.Optional(JsonObject),
      /** `audience`: to be counted and not listed. The token may decide otherwise; the answer's `room.role` says what counts. */
      role: Type.Optional(RoomRole),
      /**
       * The sources that the client will produce next. When the join takes over another tab's session, that tab's producers of these
       * sources go on until then, for 5 s at most.
       */
      sources: Type.Optional(Type.Array(Source, { maxItems: LIMITS.sources })),
    }),
    reply: Shape({
      room: RoomSnapshot,
      routerRtpCapabilities: Type.Union([JsonObject, Type.Null()]),
      transferred: Type.Boolean(),
      sessionId: GivenId,
      epoch: Type.Integer(),
      resumeToken: Type.String(),
    }),
  },
  getRoom: { data: Nothing, reply: Shape({ room: RoomSnapshot }) },
  /** A page of the participants of a large room. */
  getParticipants: {
    data: Shape({
      /** `next` of the snapshot or of the page before. Left out: from the first participant on. */
      after: Type.Optional(Type.String({ pattern: "^[0-9]{1,15}$" })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.pageParticipants })),
    }),
    reply: Shape({
      roomId: RoomId,
      version: Type.Integer(),
      participants: Type.Array(ListedParticipant),
      /** Left out on the last page. */
      next: Type.Optional(Type.String()),
    }),
  },
  setMetadata: { data: Shape({ metadata: JsonObject }), reply: Nothing },
  leave: { data: Nothing, reply: Nothing },
  beforeDisconnect: { data: Shape({ roomId: Type.Optional(RoomId) }), reply: Nothing },
} as const;

const roster = { roomId: RoomId, version: Type.Integer() };
const presence = Shape({ ...roster, userId: UserId, sessionId: GivenId, reason: Type.String() });

/** Events about people; each one that changes the roster carries the room and its new version. */
export const sessionEvents = {
  user_joined: Shape({ ...roster, participant: Participant }),
  user_left: Shape({
    ...roster,
    userId: UserId,
    name: Type.String(),
    sessionId: GivenId,
    reason: LeaveReason,
    /** How many people the room has now, the audience included. */
    count: Type.Integer(),
    /** The users who are still in the list. Left out in rooms of more than 50 participants. */
    participants: Type.Optional(Type.Array(UserId)),
  }),
  user_away: presence,
  user_back: presence,
  /** The newest name of a user, told for each session of that user in the room. */
  name_changed: Shape({ ...roster, userId: UserId, sessionId: GivenId, name: Type.String() }),
  metadata_changed: Shape({ ...roster, userId: UserId, sessionId: GivenId, metadata: JsonObject }),
  /**
   * What has changed in a large room since its members were last told, as one change of the version. It tells how things are
   * now, so a client may get again what a snapshot has told it already.
   */
  roster_changed: Shape({
    ...roster,
    /** Everybody in the room, the audience included. */
    count: Type.Integer(),
    audience: Type.Integer(),
    /** Participants who are new, or were audience before. */
    joined: Type.Optional(Type.Array(ListedParticipant)),
    left: Type.Optional(Type.Array(Shape({ reason: LeaveReason, sessionIds: Type.Array(GivenId) }))),
    /** Sessions. */
    away: Type.Optional(Type.Array(GivenId)),
    back: Type.Optional(Type.Array(GivenId)),
    changed: Type.Optional(
      Type.Array(
        Shape({
          sessionId: GivenId,
          name: Type.Optional(Type.String()),
          metadata: Type.Optional(JsonObject),
        }),
      ),
    ),
  }),
  room_closed: Shape({ ...roster, reason: Type.String() }),
  session_transferred: Shape({ roomId: RoomId, tabId: TabId, at: EpochMs }),
  /** `url`: the node that goes on with the session, if that is another one. */
  server_closing: Shape({ reconnectAfterMs: DurationMs, url: Type.Optional(Type.String()) }),
} as const;
