import Type, { type Static } from "typebox";
import { EpochMs, Participant, RoomRole } from "../messages/shared.js";
import { MediaCounts, Missing } from "./shared.js";

const roomFields = {
  id: Type.String(),
  nodeId: Type.String({ description: "The node that holds the room" }),
  version: Type.Integer({ description: "Grows with every change of the list of participants" }),
  openedAt: EpochMs,
};

export const RoomSummary = Type.Object({
  ...roomFields,
  participants: Type.Integer({ description: "How many are in the room" }),
  audience: Type.Integer({ description: "How many of them are audience, which the others do not see" }),
});
export type RoomSummary = Static<typeof RoomSummary>;

/** All rooms of all nodes. */
export const RoomList = Type.Object({ rooms: Type.Array(RoomSummary), missing: Missing });
export type RoomList = Static<typeof RoomList>;

export const RoomParticipant = Type.Object({ ...Participant.properties, role: RoomRole, media: MediaCounts });
export type RoomParticipant = Static<typeof RoomParticipant>;

export const RoomDetail = Type.Object({
  ...roomFields,
  audience: Type.Integer({ description: "How many are audience, which the others do not see" }),
  participants: Type.Array(RoomParticipant, { description: "Everybody in the room" }),
});
export type RoomDetail = Static<typeof RoomDetail>;
