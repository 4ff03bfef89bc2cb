import Type, { type Static } from "typebox";
import { EpochMs, Participant, RoomRole } from "../messages/shared.js";
import { EXAMPLES } from "./examples.js";
import { MediaCounts, Missing, OrNull } from "./shared.js";

const roomFields = {
  id: Type.String({ deprecated: true, description: "As `roomId`, for clients of before" }),
  nodeId: Type.String({ description: "The node that holds the room" }),
  version: Type.Integer({ description: "Grows with every change of the list of participants" }),
  openedAt: EpochMs,
};
const summaryFields = {
  ...roomFields,
  participants: Type.Integer({ description: "How many are in the room" }),
  audience: Type.Integer({ description: "How many of them are audience, which the others do not see" }),
};

/** A room as nodes tell each other of it. */
export const NodeRoom = Type.Object(summaryFields);
export type NodeRoom = Static<typeof NodeRoom>;

export const RoomSummary = Type.Object({ roomId: Type.String(), ...summaryFields });
export type RoomSummary = Static<typeof RoomSummary>;

export const RoomQuery = Type.Object({
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "`cursor` of the page before" })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, description: "The most rooms of one page; without it all rooms" }),
  ),
});
export type RoomQuery = Static<typeof RoomQuery>;

/** The rooms of all nodes, in the order of their ids. */
export const RoomList = Type.Object(
  {
    rooms: Type.Array(RoomSummary),
    cursor: OrNull(Type.String(), { description: "Where the next page begins; null on the last page" }),
    total: Type.Integer({ description: "Rooms on all pages" }),
    missing: Missing,
  },
  { examples: [EXAMPLES.Rooms] },
);
export type RoomList = Static<typeof RoomList>;

export const RoomParticipant = Type.Object({ ...Participant.properties, role: RoomRole, media: MediaCounts });
export type RoomParticipant = Static<typeof RoomParticipant>;

const detailFields = {
  ...roomFields,
  audience: Type.Integer({ description: "How many are audience, which the others do not see" }),
  participants: Type.Array(RoomParticipant, { description: "Everybody in the room" }),
};

/** A room and everybody in it, as nodes tell each other of it. */
export const NodeRoomDetail = Type.Object(detailFields);
export type NodeRoomDetail = Static<typeof NodeRoomDetail>;

export const RoomDetail = Type.Object({ roomId: Type.String(), ...detailFields }, { examples: [EXAMPLES.Room] });
export type RoomDetail = Static<typeof RoomDetail>;
