import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Actor } from "../session/actor.js";
import { shown } from "./shown.js";

/** Tells who sent a request that the guard has let in. */
export type ActorOf = (request: FastifyRequest) => Actor;

/** @param adminToken undefined when the admin API is open to everybody */
export function actorBy(adminToken: string | undefined): ActorOf {
  const name = adminToken === undefined ? "nobody" : "ADMIN_TOKEN";
  return ({ ip: address }) => ({ name, address });
}

/** Logs every admin request that changes something, with who sent it. A refused request has a log line of its own. */
export function logActions(scope: FastifyInstance, actorOf: ActorOf): void {
  scope.addHook("onResponse", (request, reply, done) => {
    const { method } = request;
    const changes = method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
    if (changes && reply.statusCode < 400) {
      request.log.info(
        { method, url: shown(request.url), status: reply.statusCode, by: actorOf(request) },
        "admin action",
      );
    }
    done();
  });
}
