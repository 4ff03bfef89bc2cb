/** What the nodes of one service tell each other. Checked on arrival like anything else that comes over a wire. */
import Type, { type Static } from "typebox";
import { BlockChange, BlockRecord } from "./block-list.js";
import { CallUpdate } from "./call-record.js";
import { GivenId, JsonObject, RoomId, Shape, UserId, UserStatus } from "@lastseen/protocol";

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
