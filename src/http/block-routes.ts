import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type, { type Static } from "typebox";
import { RoomId, UserId } from "@lastseen/protocol";
import { MOST_BLOCKED_SECONDS, type BlockRecord, type BlockTarget } from "../ports/block-list.js";
import type { Blocks } from "../session/blocks.js";
import type { ActorOf } from "./actor.js";

const ById = Type.Object({ userId: UserId });
const InRoom = Type.Object({ roomId: Type.Optional(RoomId) });
const Wish = Type.Object({
  seconds: Type.Integer({ minimum: 1, maximum: MOST_BLOCKED_SECONDS, description: "How long the block lasts" }),
  roomId: Type.Optional(RoomId),
});
const Filter = Type.Object({ userId: Type.Optional(UserId), roomId: Type.Optional(RoomId) });

const BlockView = Type.Object({
  userId: Type.String(),
  roomId: Type.Union([Type.String(), Type.Null()], { description: "`null`: the user is blocked everywhere" }),
  blockedAt: Type.Number(),
  expiresAt: Type.Number(),
  by: Type.Object({ name: Type.String(), address: Type.Optional(Type.String()) }),
});
const List = Type.Object({ blocks: Type.Array(BlockView) });
const Gone = Type.Null({ description: "The block is lifted" });

/** Blocks users for a time, everywhere or in one room, and shows who is blocked. */
export function blockRoutes(blocks: Blocks, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["blocks"];
    app.put(
      "/users/:userId/block",
      {
        schema: {
          tags,
          summary: "Block a user: the sessions end (with `roomId`: those in that room leave it), new ones are refused",
          params: ById,
          body: Wish,
          response: { 200: BlockView },
        },
      },
      (request) => {
        const { seconds, ...where } = request.body;
        return blocks.block(targetOf(request.params, where), seconds * 1_000, actorOf(request)).then(viewOf);
      },
    );
    app.delete(
      "/users/:userId/block",
      {
        schema: {
          tags,
          summary: "Lift a block: the one of that room, or without `roomId` the one for everywhere",
          params: ById,
          querystring: InRoom,
          response: { 204: Gone },
        },
      },
      async (request, reply) => {
        await blocks.unblock(targetOf(request.params, request.query), actorOf(request));
        return reply.code(204).send(null);
      },
    );
    app.get(
      "/blocks",
      {
        schema: {
          tags,
          summary: "Who is blocked; the block that ends first is first",
          querystring: Filter,
          response: { 200: List },
        },
      },
      async ({ query: { userId, roomId } }) => {
        const fits = (block: BlockRecord): boolean =>
          (userId === undefined || block.userId === userId) && (roomId === undefined || block.roomId === roomId);
        return { blocks: (await blocks.all()).filter(fits).map(viewOf) };
      },
    );
  };
}

/** The bodies of requests may have other fields too. */
function targetOf({ userId }: Static<typeof ById>, { roomId }: Static<typeof InRoom>): BlockTarget {
  return roomId === undefined ? { userId } : { userId, roomId };
}

function viewOf({ userId, roomId, blockedAt, expiresAt, by }: BlockRecord): Static<typeof BlockView> {
  return { userId, roomId: roomId ?? null, blockedAt, expiresAt, by };
}
