import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { LastseenError } from "../protocol/errors.js";
import { Participant } from "../protocol/messages/shared.js";
import type { Reaper } from "../reaper/reaper.js";
import type { Room } from "../room/room.js";
import type { Rooms } from "../room/rooms.js";

const ById = Type.Object({ roomId: Type.String({ maxLength: 128 }) });
const Gone = Type.Null({ description: "Everybody has left" });
const MediaCounts = Type.Object({ transports: Type.Integer(), producers: Type.Integer(), consumers: Type.Integer() });
const Summary = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  openedAt: Type.Number(),
  participants: Type.Integer(),
});
const Detail = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  openedAt: Type.Number(),
  participants: Type.Array(Type.Intersect([Participant, Type.Object({ media: MediaCounts })])),
});

/** Rooms for operators: who is really in them. */
export function roomRoutes(parts: { rooms: Rooms; reaper: Reaper }): FastifyPluginAsyncTypebox {
  const { rooms, reaper } = parts;
  const getRoom = (roomId: string): Room => {
    const room = rooms.find(roomId);
    if (!room) throw new LastseenError("not_found", "There is no such room.");
    return room;
  };
  return async (app) => {
    const tags = ["rooms"];
    app.get(
      "/rooms",
      { schema: { tags, summary: "All rooms", response: { 200: Type.Object({ rooms: Type.Array(Summary) }) } } },
      () => ({
        rooms: [...rooms.all()].map((room) => ({
          id: room.id,
          version: room.version,
          openedAt: room.openedAt,
          participants: room.members.size,
        })),
      }),
    );
    app.get(
      "/rooms/:roomId",
      { schema: { tags, summary: "A room and its participants", params: ById, response: { 200: Detail } } },
      ({ params }) => {
        const room = getRoom(params.roomId);
        const participants = rooms.participants(room).map((participant) => {
          const media = room.members.get(participant.sessionId)?.participation?.media.counts();
          return { ...participant, media: media ?? { transports: 0, producers: 0, consumers: 0 } };
        });
        return { id: room.id, version: room.version, openedAt: room.openedAt, participants };
      },
    );
    app.delete(
      "/rooms/:roomId",
      { schema: { tags, summary: "Close a room: everybody leaves it", params: ById, response: { 204: Gone } } },
      async ({ params }, reply) => {
        const room = getRoom(params.roomId);
        rooms.announceClosed(room, "closed_by_operator");
        const members = [...room.members.values()];
        await Promise.all(members.map((session) => reaper.leaveRoom(session, { reason: "room_closed" })));
        return reply.code(204).send(null);
      },
    );
  };
}
