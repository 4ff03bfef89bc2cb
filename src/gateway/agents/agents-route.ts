import type { FastifyInstance, onRequestAsyncHookHandler } from "fastify";
import { AGENT_PATH } from "@lastseen/protocol/agent";
import { PROBLEM_TYPE, problemOf } from "@lastseen/protocol/http";
import type { Clock } from "../../kernel/clock.js";
import type { AgentEntrance } from "../../ports/agent-links.js";
import type { GatewayLog } from "../gateway-log.js";
import { AgentSocket } from "./agent-socket.js";

/**
 * Registers `GET /agents`, where agents connect. Requires that the WebSockets of {@link registerWebSocket} take this path.
 *
 * @param guard lets only requests with `AGENT_TOKEN` through
 */
export function registerAgents(
  app: FastifyInstance,
  options: { entrance: AgentEntrance; guard: onRequestAsyncHookHandler; clock: Clock; log: GatewayLog },
): void {
  const { entrance, guard, clock, log } = options;
  app.route({
    method: "GET",
    url: AGENT_PATH,
    schema: { hide: true },
    onRequest: guard,
    handler: (_request, reply) =>
      reply
        .code(426)
        .headers({ upgrade: "websocket", connection: "upgrade" })
        .type(PROBLEM_TYPE)
        .send(problemOf("bad_message", "Agents connect here by WebSocket.", { status: 426 })),
    wsHandler: (socket, request) => {
      new AgentSocket({ socket, address: request.ip, entrance, clock, log }).open();
    },
  });
}
