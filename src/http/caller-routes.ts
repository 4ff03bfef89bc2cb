import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { LastseenError, UserId } from "@lastseen/protocol";
import { BlockedCallerList } from "@lastseen/protocol/http";
import type { CallerLists } from "../admin/caller-lists.js";

const Ids = Type.Object({ userId: UserId, callerId: UserId });
const ById = Type.Object({ userId: UserId });
const Done = Type.Null({ description: "Done" });

/** Whom a user does not want to be called by. The caller does not learn it: the calls look as if nobody answers. */
export function callerRoutes(lists: CallerLists): FastifyPluginAsyncTypebox {
  return async (app) => {
    const tags = ["users"];
    app.get(
      "/users/:userId/blocked-callers",
      {
        schema: {
          operationId: "listBlockedCallers",
          tags,
          summary: "By whom a user does not want to be called",
          params: ById,
          response: { 200: BlockedCallerList },
        },
      },
      async ({ params }) => ({ callers: (await lists.of(params.userId)).map((userId) => ({ userId })) }),
    );
    app.put(
      "/users/:userId/blocked-callers/:callerId",
      {
        schema: {
          operationId: "blockCaller",
          tags,
          summary: "The user's devices do not ring any more when this caller calls",
          params: Ids,
          response: { 204: Done },
        },
      },
      async ({ params }, reply) => {
        await lists.block(params.userId, params.callerId);
        return reply.code(204).send(null);
      },
    );
    app.delete(
      "/users/:userId/blocked-callers/:callerId",
      {
        schema: {
          operationId: "unblockCaller",
          tags,
          summary: "The caller's calls ring again",
          params: Ids,
          response: { 204: Done },
        },
      },
      async ({ params }, reply) => {
        if (await lists.unblock(params.userId, params.callerId)) return reply.code(204).send(null);
        throw new LastseenError("not_found", "This caller is not blocked by this user.");
      },
    );
  };
}
