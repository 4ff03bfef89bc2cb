/** What a node asks another one for its operators, and how it answers; see {@link WholeView}. */
import Type, { type Static } from "typebox";
import type { Questions } from "../cluster/questions.js";
import { GivenId, Nothing } from "../protocol/messages/shared.js";
import { defineQuestion } from "../protocol/question.js";
import {
  RoomDetail,
  RoomSummary,
  SessionFilter,
  SessionHistory,
  SessionPage,
  type OperatorView,
} from "./operator-view.js";
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
export function answerFrom(local: OperatorView, questions: Questions): void {
  questions.answer(QUESTIONS.rooms, () => local.rooms());
  questions.answer(QUESTIONS.room, ({ id }) => local.room(id));
  questions.answer(QUESTIONS.closeRoom, ({ id }) => local.closeRoom(id).then(() => ({})));
  questions.answer(QUESTIONS.sessions, (filter) => local.sessions(filter));
  questions.answer(QUESTIONS.session, ({ id }) => local.session(id));
  questions.answer(QUESTIONS.timeline, ({ id }) => local.timeline(id));
  questions.answer(QUESTIONS.kick, ({ id }) => local.kick(id).then(() => ({})));
}
