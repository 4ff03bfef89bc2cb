/** Rooms and sessions as the API shows them. Nodes of the version before tell each other only `id`. */
import type {
  NodeRoom,
  NodeRoomDetail,
  NodeSession,
  RoomDetail,
  RoomSummary,
  SessionView,
} from "@lastseen/protocol/http";

export function publicSession(session: NodeSession): SessionView {
  return { sessionId: session.id, ...session };
}

export function publicRoom(room: NodeRoom): RoomSummary {
  return { roomId: room.id, ...room };
}

export function publicRoomDetail(room: NodeRoomDetail): RoomDetail {
  return { roomId: room.id, ...room };
}
