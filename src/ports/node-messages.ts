/** What the nodes of one service tell each other. Checked on arrival like anything else that comes over a wire. */
import Type, { type Static } from "typebox";
import { BlockChange, BlockRecord } from "./block-list.js";
import { CallUpdate } from "./call-record.js";
import { EpochMs, GivenId, JsonObject, RoomId, Shape, UserId, UserStatus } from "@lastseen/protocol";
import { CloseOrder, CloseOutcome, KnownSession, SessionReport } from "@lastseen/protocol/agent";

/** An agent as its node tells the others. */
export const AgentNotice = Shape({
  agentId: GivenId,
  name: Type.String(),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  /** See the hello of agents. */
  link: Type.Integer(),
  /** `gone`: it has said goodbye. */
  state: Type.Enum(["connected", "away", "gone"]),
  /** Since when. */
  since: EpochMs,
  /** Why the agent does not see all media of its process, in a sentence. */
  unseenWhy: Type.Optional(Type.String()),
});
export type AgentNotice = Static<typeof AgentNotice>;

export const NODE_MESSAGES = {
  /** A user's status has changed. `name`: the newest name, when a session of the user has begun under it. */
  status: Shape({
    type: Type.Literal("status"),
    userId: UserId,
    status: UserStatus,
    name: Type.Optional(Type.String()),
  }),
  /** A user who was there already has a new name. */
  name: Shape({ type: Type.Literal("name"), userId: UserId, name: Type.String() }),
  /** Something has become of a call: news for whoever holds sessions of its two users. */
  call: Shape({ type: Type.Literal("call"), news: CallUpdate }),
  /** An operator has blocked a user. */
  block: Shape({ type: Type.Literal("block"), change: BlockChange, block: BlockRecord }),
  /** An operator has lifted a block. */
  unblock: Shape({
    type: Type.Literal("unblock"),
    change: BlockChange,
    userId: UserId,
    roomId: Type.Optional(RoomId),
  }),
  /** An event for sessions that the receiver holds. */
  deliver: Shape({
    type: Type.Literal("deliver"),
    sessionIds: Type.Array(GivenId),
    event: Type.String(),
    data: JsonObject,
  }),
  /** The receiver was given these sessions. Without `sessionIds`, its entries in the directory tell which. */
  handed_over: Shape({ type: Type.Literal("handed_over"), sessionIds: Type.Optional(Type.Array(GivenId)) }),
  /** How the agents are that are connected to the sender, or were a moment ago. */
  agents: Shape({ type: Type.Literal("agents"), agents: Type.Array(AgentNotice) }),
  /** An agent of the sender has media of these sessions. Goes to the node that holds them, or to all when none is found. */
  agent_report: Shape({
    type: Type.Literal("agent_report"),
    agentId: GivenId,
    link: Type.Integer(),
    sessions: Type.Array(SessionReport),
  }),
  /** Answer to `agent_report`, and told again when something changes: which of these sessions the sender holds. */
  agent_sessions: Shape({
    type: Type.Literal("agent_sessions"),
    agentId: GivenId,
    known: Type.Array(KnownSession),
    unknown: Type.Array(GivenId),
  }),
  /**
   * The sender holds these sessions: whose agents have media of them? The answer is an `agent_report`. With `agentId`: of which of
   * them has this agent nothing any more?
   */
  agent_where: Shape({
    type: Type.Literal("agent_where"),
    sessionIds: Type.Array(GivenId),
    agentId: Type.Optional(GivenId),
  }),
  /** An order to an agent of the receiver. */
  agent_close: Shape({ type: Type.Literal("agent_close"), agentId: GivenId, order: CloseOrder }),
  agent_closed: Shape({ type: Type.Literal("agent_closed"), orderId: GivenId, outcome: CloseOutcome }),
  /** A question to the receiver; it answers with the same id. */
  ask: Shape({ type: Type.Literal("ask"), id: GivenId, question: Type.String(), data: JsonObject }),
  answer: Shape({
    type: Type.Literal("answer"),
    id: GivenId,
    data: Type.Optional(JsonObject),
    error: Type.Optional(Shape({ code: Type.String(), message: Type.String() })),
  }),
} as const;

export type NodeMessage = {
  [T in keyof typeof NODE_MESSAGES]: Static<(typeof NODE_MESSAGES)[T]>;
}[keyof typeof NODE_MESSAGES];
