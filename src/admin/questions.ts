/** What a node asks another one for its operators, and how it answers; see {@link WholeView}. */
import Type, { type Static } from "typebox";
import type { NodeRpc } from "../cluster/node-rpc.js";
import { GivenId, Nothing } from "@lastseen/protocol";
import { defineQuestion } from "../ports/question.js";
import {
  RoomDetail,
  RoomSummary,
  SessionFilter,
  SessionHistory,
  SessionPage,
  type OperatorView,
} from "./local-view.js";
import { SessionView } from "./session-view.js";

const ById = Type.Object({ id: GivenId });
export type ById = Static<typeof ById>;

export const QUESTIONS = {
  rooms: defineQuestion("rooms", Nothing, Type.Object({ rooms: Type.Array(RoomSummary) })),
  room: defineQuestion("room", ById, RoomDetail),
  closeRoom: defineQuestion("closeRoom", ById, Nothing),
  sessions: defineQuestion("sessions", SessionFilter, SessionPage),
  session: defineQuestion("session", ById, SessionView),
  timeline: defineQuestion("timeline", ById, SessionHistory),
  kick: defineQuestion("kick", ById, Nothing),
} as const;

/** From now on the other nodes can ask for what this one knows. */
export function answerFrom(local: OperatorView, rpc: NodeRpc): void {
  rpc.answer(QUESTIONS.rooms, () => local.rooms());
  rpc.answer(QUESTIONS.room, ({ id }) => local.room(id));
  rpc.answer(QUESTIONS.closeRoom, ({ id }) => local.closeRoom(id).then(() => ({})));
  rpc.answer(QUESTIONS.sessions, (filter) => local.sessions(filter));
  rpc.answer(QUESTIONS.session, ({ id }) => local.session(id));
  rpc.answer(QUESTIONS.timeline, ({ id }) => local.timeline(id));
  rpc.answer(QUESTIONS.kick, ({ id }) => local.kick(id).then(() => ({})));
}
