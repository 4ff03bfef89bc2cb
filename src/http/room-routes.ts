import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { RoomDetail, RoomList, RoomQuery, type RoomSummary } from "@lastseen/protocol/http";
import type { OperatorView } from "../admin/local-view.js";
import { publicRoom, publicRoomDetail } from "../admin/public-views.js";
import type { ActorOf } from "./actor.js";

const ById = Type.Object({ roomId: Type.String({ maxLength: 128 }) });
const Gone = Type.Null({ description: "Everybody has left" });

/** Shows operators the rooms and who is really in them, and closes rooms. */
export function roomRoutes(view: OperatorView, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["rooms"];
    app.get(
      "/rooms",
      {
        schema: {
          operationId: "listRooms",
          tags,
          summary: "The rooms of all nodes, in the order of their ids",
          querystring: RoomQuery,
          response: { 200: RoomList },
        },
      },
      async ({ query }) => {
        const { rooms, missing } = await view.rooms();
        return { ...pageOf(rooms.map(publicRoom), query), total: rooms.length, missing };
      },
    );
    app.get(
      "/rooms/:roomId",
      {
        schema: {
          operationId: "getRoom",
          tags,
          summary: "A room and its participants",
          params: ById,
          response: { 200: RoomDetail },
        },
      },
      async ({ params }) => publicRoomDetail(await view.room(params.roomId)),
    );
    app.delete(
      "/rooms/:roomId",
      {
        schema: {
          operationId: "closeRoom",
          tags,
          summary: "Close a room: everybody leaves it",
          params: ById,
          response: { 204: Gone },
        },
      },
      async (request, reply) => {
        await view.closeRoom(request.params.roomId, actorOf(request));
        return reply.code(204).send(null);
      },
    );
  };
}

/** A room is at one place in the order, so the cursor is the id of the last room of the page. It may close meanwhile. */
function pageOf(
  all: readonly RoomSummary[],
  { cursor, limit = all.length }: RoomQuery,
): Pick<RoomList, "rooms" | "cursor"> {
  const following = all
    .filter(({ roomId }) => cursor === undefined || roomId > cursor)
    .toSorted((a, b) => (a.roomId < b.roomId ? -1 : 1));
  const rooms = following.slice(0, limit);
  return { rooms, cursor: rooms.length < following.length ? (rooms.at(-1)?.roomId ?? null) : null };
}
