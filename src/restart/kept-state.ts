/** What a node that is alone leaves behind when it stops, so that its next start can go on. */
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { JsonObject, RoomRole } from "@lastseen/protocol";
import { BlockRecord } from "../ports/block-list.js";
import { CallRecord } from "../ports/call-record.js";

/** A file of another format is not read. */
export const KEPT_FORMAT = 1;

const KeptSession = Type.Object({
  sessionId: Type.String(),
  userId: Type.String(),
  epoch: Type.Integer(),
  roomId: Type.Optional(Type.String()),
  name: Type.String(),
  tabId: Type.String(),
  tokenHash: Type.String(),
  earlierTokenHash: Type.Optional(Type.String()),
  openedAt: Type.Number(),
  joinedAt: Type.Optional(Type.Number()),
  chosenRole: Type.Optional(RoomRole),
  metadata: JsonObject,
});
export type KeptSession = Static<typeof KeptSession>;

const KeptState = Type.Object({
  format: Type.Literal(KEPT_FORMAT),
  /** Epoch milliseconds. The durations of calls and blocks were true then. */
  keptAt: Type.Number(),
  sessions: Type.Array(KeptSession),
  calls: Type.Array(CallRecord),
  blocks: Type.Array(BlockRecord),
});
export type KeptState = Static<typeof KeptState>;

const Kept = Compile(KeptState);

/** @returns undefined when the text is no state of this format */
export function readKept(text: string): KeptState | undefined {
  try {
    const state: unknown = JSON.parse(text);
    return Kept.Check(state) ? state : undefined;
  } catch {
    return undefined;
  }
}
