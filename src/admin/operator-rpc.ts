/** What one node asks another for its operators, and how a node answers. See {@link WholeView}. */
import Type, { type Static } from "typebox";
import type { NodeRpc } from "../cluster/node-rpc.js";
import { GivenId, LastseenError, Nothing } from "@lastseen/protocol";
import {
  NodeSummary,
  NodeRoomDetail,
  NodeRoom,
  SessionFilter,
  SessionHistory,
  NodeSessionPage,
  NodeSession,
} from "@lastseen/protocol/http";
import { defineQuestion } from "../ports/question.js";
import type { OperatorView } from "./local-view.js";

const ById = Type.Object({ id: GivenId });
export type ById = Static<typeof ById>;

/** `by`: see {@link Actor}; missing when a node of an older version asks. */
const ByIdAndActor = Type.Object({
  ...ById.properties,
  by: Type.Optional(Type.Object({ name: Type.String(), address: Type.Optional(Type.String()) })),
});

export const OPERATOR_RPC = {
  node: defineQuestion("node", Nothing, NodeSummary),
  rooms: defineQuestion("rooms", Nothing, Type.Object({ rooms: Type.Array(NodeRoom) })),
  room: defineQuestion("room", ById, NodeRoomDetail),
  closeRoom: defineQuestion("closeRoom", ByIdAndActor, Nothing),
  sessions: defineQuestion("sessions", SessionFilter, NodeSessionPage),
  session: defineQuestion("session", ById, NodeSession),
  timeline: defineQuestion("timeline", ById, SessionHistory),
  kick: defineQuestion("kick", ByIdAndActor, Nothing),
} as const;

/** Answers the other nodes from now on. */
export function answerFrom(local: OperatorView, rpc: NodeRpc): void {
  rpc.answer(OPERATOR_RPC.node, async () => {
    const [summary] = (await local.nodes()).nodes;
    if (!summary) throw new LastseenError("internal", "This node knows nothing of itself.");
    return summary;
  });
  rpc.answer(OPERATOR_RPC.rooms, () => local.rooms());
  rpc.answer(OPERATOR_RPC.room, ({ id }) => local.room(id));
  rpc.answer(OPERATOR_RPC.closeRoom, ({ id, by }) => local.closeRoom(id, by).then(() => ({})));
  rpc.answer(OPERATOR_RPC.sessions, (filter) => local.sessions(filter));
  rpc.answer(OPERATOR_RPC.session, ({ id }) => local.session(id));
  rpc.answer(OPERATOR_RPC.timeline, ({ id }) => local.timeline(id));
  rpc.answer(OPERATOR_RPC.kick, ({ id, by }) => local.kick(id, by).then(() => ({})));
}
