import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { UserId, type UserStatus } from "@lastseen/protocol";
import { UserStatusView } from "@lastseen/protocol/http";

const ById = Type.Object({ userId: UserId });

/** Shows whether a user can be called now. A user whom the service has never seen is offline. */
export function userRoutes(parts: {
  statusOf: (userId: string) => Promise<{ status: UserStatus }>;
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/users/:userId/status",
      {
        schema: {
          operationId: "getUserStatus",
          tags: ["users"],
          summary: "Call status of a user",
          params: ById,
          response: { 200: UserStatusView },
        },
      },
      async ({ params: { userId } }) => ({ userId, status: (await parts.statusOf(userId)).status }),
    );
  };
}
