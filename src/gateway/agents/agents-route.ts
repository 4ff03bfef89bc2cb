import type { IncomingMessage } from "node:http";
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
 * @param options `guard`: lets only requests with `AGENT_TOKEN` through; left out when another server has asked for the token.
 *   `addressOf`: the address of an agent, if another server than `app` took the handshake
 */
export function registerAgents(
  app: FastifyInstance,
  options: {
    entrance: AgentEntrance;
    guard?: onRequestAsyncHookHandler;
    addressOf?: (request: IncomingMessage) => string | undefined;
    clock: Clock;
    log: GatewayLog;
  },
): void {
  const { entrance, guard, addressOf, clock, log } = options;
  app.route({
    method: "GET",
    url: AGENT_PATH,
    schema: { hide: true },
    ...(guard && { onRequest: guard }),
    handler: (_request, reply) =>
      reply
        .code(426)
        .headers({ upgrade: "websocket", connection: "upgrade" })
        .type(PROBLEM_TYPE)
        .send(problemOf("bad_message", "Agents connect here by WebSocket.", { status: 426 })),
    wsHandler: (socket, request) => {
      const address = addressOf?.(request.raw) ?? request.ip;
      new AgentSocket({ socket, address, entrance, clock, log }).open();
    },
  });
}
