import type { FastifyInstance } from "fastify";
import { checkRoomId, checkUserId, LastseenError } from "@lastseen/protocol";

const CHECKS = { userId: checkUserId, roomId: checkRoomId } as const;

/**
 * Refuses requests whose path or query has a user id or room id that the protocol does not allow. Fastify's validator knows
 * only JSON Schema, which cannot say all that the protocol says about ids.
 */
export function refuseWrongIds(scope: FastifyInstance): void {
  scope.addHook("preValidation", async ({ params, query }) => {
    for (const [where, values] of Object.entries({ params, querystring: query })) {
      for (const [name, check] of Object.entries(CHECKS)) {
        const id = (values as Record<string, unknown> | undefined)?.[name];
        const problem = id === undefined ? undefined : check(id);
        if (problem !== undefined) throw new LastseenError("bad_message", `${where}/${name} ${problem}`);
      }
    }
  });
}
