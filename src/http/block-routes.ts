import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type, { type Static } from "typebox";
import { RoomId, UserId } from "@lastseen/protocol";
import { BlockFilter, BlockList, BlockView, BlockWish } from "@lastseen/protocol/http";
import type { BlockRecord, BlockTarget } from "../ports/block-list.js";
import type { Blocks } from "../session/blocks.js";
import type { ActorOf } from "./actor.js";

const ById = Type.Object({ userId: UserId });
const InRoom = Type.Object({ roomId: Type.Optional(RoomId) });
const Gone = Type.Null({ description: "The block is lifted" });

/** Blocks users for a time, everywhere or in one room, and shows who is blocked. */
export function blockRoutes(blocks: Blocks, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["blocks"];
    app.put(
      "/users/:userId/block",
      {
        schema: {
          operationId: "blockUser",
          tags,
          summary: "Block a user: the sessions end (with `roomId`: those in that room leave it), new ones are refused",
          params: ById,
          body: BlockWish,
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
          operationId: "unblockUser",
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
          operationId: "listBlocks",
          tags,
          summary: "Who is blocked; the block that ends first is first",
          querystring: BlockFilter,
          response: { 200: BlockList },
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

function viewOf({ userId, roomId, blockedAt, expiresAt, by }: BlockRecord): BlockView {
  return { userId, roomId: roomId ?? null, blockedAt, expiresAt, by };
}
