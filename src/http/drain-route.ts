import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Draining } from "@lastseen/protocol/http";
import type { Actor } from "../session/actor.js";
import type { ActorOf } from "./actor.js";

/**
 * Empties this node before it is stopped: its sessions move to the other nodes, and new rooms open there too.
 *
 * @param drain begins to drain, or goes on. Returns how many sessions are here now. Throws LastseenError `not_found` when
 *   this node is alone
 */
export function drainRoute(drain: (by: Actor) => number, actorOf: ActorOf): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      "/drain",
      {
        schema: {
          operationId: "drainNode",
          tags: ["nodes"],
          summary: "Hand everybody over to the other nodes; this one takes nothing new and stays up",
          response: { 200: Draining },
        },
      },
      (request) => ({ sessions: drain(actorOf(request)) }),
    );
  };
}
