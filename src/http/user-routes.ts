import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { UserId, UserStatus } from "@lastseen/protocol";

const ById = Type.Object({ userId: UserId });
const Status = Type.Object({ userId: Type.String(), status: UserStatus });

/** Shows whether a user can be called now. A user whom the service has never seen is offline. */
export function userRoutes(parts: {
  statusOf: (userId: string) => Promise<{ status: UserStatus }>;
}): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      "/users/:userId/status",
      { schema: { tags: ["users"], summary: "Call status of a user", params: ById, response: { 200: Status } } },
      async ({ params: { userId } }) => ({ userId, status: (await parts.statusOf(userId)).status }),
    );
  };
}
