import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { RoomDetail, RoomList } from "@lastseen/protocol/http";
import type { OperatorView } from "../admin/local-view.js";
import type { ActorOf } from "./actor.js";

const ById = Type.Object({ roomId: Type.String({ maxLength: 128 }) });
const Gone = Type.Null({ description: "Everybody has left" });
/** Shows operators the rooms and who is really in them, and closes rooms. */
export function roomRoutes(view: OperatorView, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["rooms"];
    app.get("/rooms", { schema: { tags, summary: "All rooms", response: { 200: RoomList } } }, () => view.rooms());
    app.get(
      "/rooms/:roomId",
      { schema: { tags, summary: "A room and its participants", params: ById, response: { 200: RoomDetail } } },
      ({ params }) => view.room(params.roomId),
    );
    app.delete(
      "/rooms/:roomId",
      { schema: { tags, summary: "Close a room: everybody leaves it", params: ById, response: { 204: Gone } } },
      async (request, reply) => {
        await view.closeRoom(request.params.roomId, actorOf(request));
        return reply.code(204).send(null);
      },
    );
  };
}
